// Every AssemblyScript module of the project as a job for asc.mjs.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "./asc.mjs";

const sdk = "conformance/sdk";
/** Names in the module: stacks and traces of a report then say which function it was. */
const names = "--debug";
/** Halves export their table (code addresses are table slots) and keep data low: no shadow stack, no start function. */
export const halfArgs = [
  "--exportTable",
  "--exportStart",
  "_unused_start",
  "--initialMemory",
  "1",
  "--maximumMemory",
  "1",
  "--memoryBase",
  "64",
  names,
];

export function coreJob() {
  return {
    name: "core",
    entry: "wasm-core/core.ts",
    out: "wasm-core/build/core.wasm",
    inputs: ["wasm-core"],
    args: ["--maximumMemory", "1536"],
  };
}

export function kernelJob() {
  const args = [
    "--exportTable",
    "--exportStart",
    "_unused_start",
    "--initialMemory",
    "2",
    "--maximumMemory",
    "8",
    names,
  ];
  return {
    name: "kernel",
    entry: "conformance/kernel/kernel.ts",
    out: "conformance/kernel/build/kernel.bare.wasm",
    inputs: ["conformance/kernel", sdk],
    args,
  };
}

/**
 * The job of one half of a reference backend, with edits a sabotage or mutant.
 * @param {string} backend
 * @param {string} half
 * @param {{name?: string, out?: string, edits?: {file: string, find: string, replace: string}[]}} [options]
 */
export function halfJob(
  backend,
  half,
  { name = `${backend}/${half}`, out = `conformance/backends/${backend}/build/${half}.wasm`, edits = [] } = {},
) {
  return {
    name,
    entry: `conformance/backends/${backend}/${half}.ts`,
    out,
    inputs: [`conformance/backends`, sdk, "wasm-core/machine/rtc.ts"],
    args: halfArgs,
    edits,
  };
}

export function backendNames() {
  const folder = join(root, "conformance/backends");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, "parley.json")))
    .sort();
}

export function backendJobs() {
  return backendNames().flatMap((backend) =>
    ["guest", "host", "rom"]
      .filter((half) => existsSync(join(root, `conformance/backends/${backend}/${half}.ts`)))
      .map((half) => halfJob(backend, half)),
  );
}
