/** Entry of the command line: picks the command, turns errors into exit codes. */
import { argv, exit, stderr } from "node:process";
import { RunnerError } from "../runner/errors.ts";
import { parseTestArguments, UsageError, usage } from "./arguments.ts";
import { testCommand } from "./test-command.ts";

/** 0 conforms, 1 does not, 2 bad usage or a refused build, 3 the run itself broke: no verdict on the build. */
const EXIT_REFUSED = 2;
const EXIT_BROKEN = 3;
/** Errors of what the user asked for; all others of the runner mean that the run broke. */
const asked = new Set(["no-directory", "no-pair", "unknown-case", "unknown-pairing", "schedule-refused"]);

async function main(words: string[]): Promise<number> {
  const [command, ...rest] = words;
  if (command === undefined || command === "help" || command === "--help" || command === "-h") {
    stderr.write(usage);
    return command === undefined ? EXIT_REFUSED : 0;
  }
  if (command !== "test") throw new UsageError(`there is no command "${command}"`);
  return testCommand(parseTestArguments(rest));
}

try {
  // A pipe that was closed early must not cut the exit code's output: let the streams drain by themselves.
  process.exitCode = await main(argv.slice(2));
} catch (error) {
  exit(report(error));
}

/** Says what went wrong; returns the exit code. */
function report(error: unknown): number {
  if (error instanceof UsageError) {
    stderr.write(`parley: ${error.message}\n\n${usage}`);
    return EXIT_REFUSED;
  }
  if (error instanceof RunnerError) {
    stderr.write(`parley: ${error.message}\n`);
    return asked.has(error.code) ? EXIT_REFUSED : EXIT_BROKEN;
  }
  const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
  stderr.write(`parley: the run broke, which says nothing about the build.\n${words}\n`);
  return EXIT_BROKEN;
}
