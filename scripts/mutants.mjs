// `npm run -s mutants`: builds what is out of date, then runs generated mutants and known-bad halves.
import { mutantsCommand } from "../conformance/mutation/command.ts";
import { ensureKnownBadBuilt } from "./build.mjs";

await ensureKnownBadBuilt();
process.exitCode = await mutantsCommand(process.argv.slice(2));
