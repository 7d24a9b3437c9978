// Builds what is compiled or generated: generators, AssemblyScript, kernel section, manifests, known-bad halves, suite.
// Run by itself it leaves out the known-bad halves that `npm test` does not need; `--known-bad` makes them all.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { sampledMutants } from "../conformance/mutants/mutants.ts";
import { compileAll, root } from "./lib/asc.mjs";
import { costsPath, writeCosts } from "./lib/costs.mjs";
import { completeMutants, mutantJobs } from "./lib/mutants.mjs";
import { makeSuite, readBytes, suitePath, writeIfChanged } from "./lib/suite.mjs";
import { backendJobs, backendNames, coreJob, kernelJob } from "./lib/targets.mjs";
import { variantJobs } from "./lib/variants.mjs";

let built;

const toConsole = (line) => console.error(`build: ${line}`);

/** Builds what is out of date and `npm test` needs, once per process; later calls wait for the first. */
export function ensureBuilt(progress = toConsole) {
  built ??= ensureSuiteBuilt(progress, sampledMutants);
  return built;
}

/** The suite, and these known-bad halves alone; all of them are most of what is compiled. */
export function ensureSuiteBuilt(progress, knownBad = []) {
  return build(progress, ({ name }) => knownBad.includes(name));
}

/** The suite and every known-bad half. */
export function ensureKnownBadBuilt(progress = toConsole) {
  return build(progress, () => true);
}

/** @returns {Promise<{compiled: number, cached: number, suite: {bytes: number, digest: string}}>} */
async function build(progress, isWanted) {
  await runGenerators(progress);
  const jobs = [coreJob(), kernelJob(), ...backendJobs(), ...variantJobs(), ...mutantJobs(isWanted)];
  const { compiled, cached } = await compileAll(jobs, progress);
  copyManifests();
  completeMutants(isWanted);
  await sealKernel();
  const suite = await makeSuite();
  if (writeIfChanged(suitePath, suite)) progress(`suite ${suite.length} bytes`);
  if (await writeCosts()) progress(`generated ${costsPath}`);
  const { digestOf } = await import("../conformance/runner/digest.ts");
  return { compiled, cached, suite: { bytes: suite.length, digest: await digestOf(suite) } };
}

/** Every `generate.ts` below wasm-core and conformance exports generate(), which writes only what differs. */
async function runGenerators(progress) {
  for (const area of ["wasm-core", "conformance"]) {
    for (const folder of readdirSync(join(root, area)).sort()) {
      const path = join(root, area, folder, "generate.ts");
      if (!existsSync(path)) continue;
      const { generate } = await import(pathToFileURL(path).href);
      for (const name of await generate()) progress(`generated ${name}`);
    }
  }
}

/** Appends the case section, so that one digest covers code and metadata. */
async function sealKernel() {
  const { sealKernel: seal } = await import("../conformance/kernel/section.ts");
  writeIfChanged(
    "conformance/kernel/build/kernel.wasm",
    await seal(readBytes("conformance/kernel/build/kernel.bare.wasm")),
  );
}

function copyManifests() {
  for (const name of backendNames())
    writeIfChanged(
      `conformance/backends/${name}/build/parley.json`,
      readBytes(`conformance/backends/${name}/parley.json`),
    );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const started = Date.now();
  const { compiled, cached, suite } = await (process.argv[2] === "--known-bad" ? ensureKnownBadBuilt() : ensureBuilt());
  console.error(`build: ${compiled} compiled, ${cached} current, suite ${suite.digest}, ${Date.now() - started} ms`);
}
