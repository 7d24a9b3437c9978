// Everything `npm test` does on Node 24: build, types, lint, then all rings; stops at the first step that fails.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, run } from "../lib/toolchain.mjs";

/** Duration of the last whole run, for `npm run bench -- tests`. */
const record = join(root, "node_modules/.cache/parley-test.json");

const began = Date.now();
let exitAtFailure = true;
const filters = process.argv.slice(2);
await build();
await together([
  remember,
  () => step("types", "typescript/bin/tsc", ["--noEmit"]),
  () => step("lint", "@biomejs/biome/bin/biome", ["check", "--error-on-warnings"]),
]);
// Side by side, because a ring alone leaves one of two cores idle.
await together([
  () => vitest("tests of VM and conformance", "node", ["--maxWorkers=2"]),
  () => vitest("tests of the Worker", "worker"),
  async () => (await vitest("tests of the starter", "starter")) || (await vitest("tests end to end", "e2e")),
]);
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

/** Runs steps side by side and waits for all of them, so that a failure leaves none behind. */
async function together(steps) {
  exitAtFailure = false;
  const codes = await Promise.all(steps.map((each) => each()));
  const failed = codes.find((code) => code !== 0);
  if (failed !== undefined) process.exit(failed);
  exitAtFailure = true;
}

/** Runs one tool of node_modules on this Node; ends the process with its exit code if that is not 0. */
async function step(name, tool, args) {
  const stepBegan = Date.now();
  console.log(`parley: ${name} …`);
  const code = await run(process.execPath, [join(root, "node_modules", tool), ...args]);
  const words = code === 0 ? `passed in ${((Date.now() - stepBegan) / 1000).toFixed(1)} s` : "failed";
  console.log(`parley: ${name} ${words}`);
  if (code !== 0 && exitAtFailure) process.exit(code);
  return code;
}
