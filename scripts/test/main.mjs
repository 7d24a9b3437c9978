// Everything `npm test` does on Node 24: build, types, lint, then all rings; stops at the first step that fails.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, run } from "../lib/toolchain.mjs";

/** Duration of the last whole run, for `npm run bench -- tests`. */
const record = join(root, "node_modules/.cache/parley-test.json");

const began = Date.now();
const filters = process.argv.slice(2);
await build();
await step("types", "typescript/bin/tsc", ["--noEmit"]);
await step("lint", "@biomejs/biome/bin/biome", ["check", "--error-on-warnings"]);
await vitest("tests of VM, conformance and Worker", ["node", "worker"]);
// By themselves: they measure latencies, and the other rings keep both cores busy.
await vitest("tests end to end", ["e2e"]);
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

function vitest(name, projects) {
  const chosen = projects.flatMap((project) => ["--project", project]);
  return step(name, "vitest/vitest.mjs", ["run", ...chosen, "--passWithNoTests", ...filters]);
}

/** Runs one tool of node_modules on this Node; ends the process with its exit code if that is not 0. */
async function step(name, tool, args) {
  const stepBegan = Date.now();
  console.log(`parley: ${name} …`);
  const code = await run(process.execPath, [join(root, "node_modules", tool), ...args]);
  if (code !== 0) {
    console.error(`parley: ${name} failed`);
    process.exit(code);
  }
  console.log(`parley: ${name} passed in ${((Date.now() - stepBegan) / 1000).toFixed(1)} s`);
}
