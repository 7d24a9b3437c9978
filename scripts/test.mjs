// `npm test`: installs what is missing, then runs scripts/test/main.mjs on the project's Node 24.
// Runs on Node 20 and imports no dependency. Arguments go to vitest: `npm test -- worker/web`.
import { install, nodePath, root, run } from "./lib/toolchain.mjs";

await install();
process.exit(await run(nodePath(), [`${root}/scripts/test/main.mjs`, ...process.argv.slice(2)]));
