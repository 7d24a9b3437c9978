// `npm start`: installs what is missing, then runs scripts/start/main.mjs on the project's Node 24.
// Runs on Node 20 and imports no dependency.
import { install, nodePath, root, run } from "./lib/toolchain.mjs";

await install();
process.exit(await run(nodePath(), [`${root}/scripts/start/main.mjs`]));
