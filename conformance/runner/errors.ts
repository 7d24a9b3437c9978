/** Errors of the runner. The message says what happened, why, and what to do. */
export class RunnerError extends Error {
  override readonly name: string = "RunnerError";
  readonly code: string;

  /** @param code stable, kebab-case, e.g. "suite-damaged" */
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
