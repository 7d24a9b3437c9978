// Runs `script args…` on the project's own Node 24 (or this Node, if it is new enough), installing first what is missing.
import { install, nodePath, run } from "./lib/toolchain.mjs";

await install();
process.exit(await run(nodePath(), process.argv.slice(2)));
