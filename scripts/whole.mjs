// `npm run -s whole`: the tests of which `npm test` runs a sample (conformance/runner/testing/sampled.ts), on every build.
import { ensureKnownBadBuilt } from "./build.mjs";
import { root, run } from "./lib/toolchain.mjs";

const files = [
  "scripts/build.test.ts",
  ...["builds", "hostile", "sharding"].map((name) => `conformance/runner/${name}.test.ts`),
];
const patience = ["--testTimeout", "600000", "--hookTimeout", "600000"];

await ensureKnownBadBuilt((line) => console.log(`parley: ${line}`));
process.exitCode = await run(
  process.execPath,
  [`${root}/node_modules/vitest/vitest.mjs`, "run", "--project", "node", "--maxWorkers=2", ...patience, ...files],
  { ...process.env, PARLEY_WHOLE: "1" },
);
