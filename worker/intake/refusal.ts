import type { Problem } from "../../conformance/runner/index.ts";
import { ProblemError } from "../problems.ts";

/** The refusal of a build: all its problems at once. A part above its limit alone makes it 413. */
export function refusal(problems: readonly Problem[]): ProblemError {
  const large = problems.find((problem) => problem.code === "too-large");
  if (large) return new ProblemError("too-large", large.detail, { errors: problems });
  const count = problems.length === 1 ? "One problem was" : `${problems.length} problems were`;
  return new ProblemError("invalid-build", `${count} found; the first: ${problems[0]?.detail ?? "none named"}`, {
    errors: problems,
  });
}
