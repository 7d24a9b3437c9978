// Everything `npm test` does on Node 24: build, types, lint, all rings.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, run } from "../lib/toolchain.mjs";

/** Duration of the last whole run, for `npm run bench -- tests`. */
const record = join(root, "node_modules/.cache/parley-test.json");

const began = Date.now();
const filters = process.argv.slice(2);
await build();
const types = () => step("types", "typescript/bin/tsc", ["--noEmit"]);
const lint = () => step("lint", "@biomejs/biome/bin/biome", ["check", "--error-on-warnings"]);
// Side by side, because a ring alone leaves one of two cores idle; what starts servers of its own waits for nothing.
const failed = await together([
  () =>
    inTurn([
      () => together([remember, types, lint]),
      () =>
        together([
          () => vitest("tests of VM and conformance", "node", ["--maxWorkers=2"]),
          () => vitest("tests of the Worker", "worker"),
        ]),
    ]),
  () => inTurn([() => vitest("tests of the starter", "starter"), () => vitest("tests end to end", "e2e")]),
]);
if (failed !== 0) process.exit(failed);
const seconds = (Date.now() - began) / 1000;
if (filters.length === 0) {
  mkdirSync(join(root, "node_modules/.cache"), { recursive: true });
  writeFileSync(record, JSON.stringify({ seconds, at: new Date().toISOString() }));
}
console.log(`parley: everything passed in ${seconds.toFixed(1)} s`);

async function build() {
  const { ensureBuilt } = await import("../build.mjs");
  try {
    await ensureBuilt((line) => console.log(`parley: ${line}`));
  } catch (error) {
    console.error(`parley: the build failed: ${error.message}`);
    process.exit(1);
  }
}

/** The digests that the Worker's tests expect: once here, instead of in every ring that starts on an empty cache. */
async function remember() {
  const { expectedDigests } = await import("../../conformance/runner/testing/builds.ts");
  console.log("parley: report digests of reference builds …");
  await expectedDigests();
  return 0;
}

function vitest(name, project, options = []) {
  return step(name, "vitest/vitest.mjs", ["run", "--project", project, "--passWithNoTests", ...options, ...filters]);
}

/** Runs steps side by side and waits for all of them, so that a failure leaves none behind. @returns the first exit code that is not 0 */
async function together(steps) {
  const codes = await Promise.all(steps.map((each) => each()));
  return codes.find((code) => code !== 0) ?? 0;
}

/** Runs one step after the other, up to the first that fails. @returns its exit code, or 0 */
async function inTurn(steps) {
  for (const each of steps) {
    const code = await each();
    if (code !== 0) return code;
  }
  return 0;
}

/** Runs one tool of node_modules on this Node. @returns its exit code */
async function step(name, tool, args) {
  const stepBegan = Date.now();
  console.log(`parley: ${name} …`);
  const code = await run(process.execPath, [join(root, "node_modules", tool), ...args]);
  const words = code === 0 ? `passed in ${((Date.now() - stepBegan) / 1000).toFixed(1)} s` : "failed";
  console.log(`parley: ${name} ${words}`);
  return code;
}
