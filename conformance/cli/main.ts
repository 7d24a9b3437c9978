/** Entry of the command line: picks the command, turns errors into exit codes. */
import { argv, exit, stderr } from "node:process";
import { RunnerError } from "../runner/errors.ts";
import { parseTestArguments, UsageError, usage } from "./arguments.ts";
import { testCommand } from "./test-command.ts";

/** 0 conforms, 1 does not, 2 bad usage or a refused build. */
const EXIT_REFUSED = 2;

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
  if (error instanceof UsageError) stderr.write(`parley: ${error.message}\n\n${usage}`);
  else if (error instanceof RunnerError) stderr.write(`parley: ${error.message}\n`);
  else throw error;
  exit(EXIT_REFUSED);
}
