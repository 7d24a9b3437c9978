// Compiles the harness (cached) and loads it: what every test of the machine starts from.
import { mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { compileAll, root } from "../../../scripts/lib/asc.mjs";

/** The harness as a job for asc.mjs. */
export const harnessJob = {
  name: "machine-harness",
  entry: "wasm-core/machine/testing/harness.ts",
  out: "wasm-core/build/machine-harness.wasm",
  inputs: ["wasm-core/machine", "wasm-core/memory"],
  args: ["--maximumMemory", "1536"],
};

/** The product of page-table bits, accesses and controls. */
export const accessJob = {
  ...harnessJob,
  name: "machine-access",
  entry: "wasm-core/machine/testing/access.ts",
  out: "wasm-core/build/machine-access.wasm",
};

// biome-ignore lint/suspicious/noExplicitAny: exports of a wasm module are not typed
export type Harness = Record<string, any>;

const STALE_MS = 60_000;

/** Test files start at once, each in a process of its own: one compiles, the others wait for it. */
async function compileOnce(job: typeof harnessJob): Promise<void> {
  const lock = join(root, `${job.out}.lock`);
  mkdirSync(join(lock, ".."), { recursive: true });
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
      if (Date.now() - since > STALE_MS) release(lock);
      await setTimeout(50);
    }
  }
  try {
    await compileAll([job]);
  } finally {
    release(lock);
  }
}

function release(lock: string): void {
  rmSync(lock, { recursive: true, force: true });
}

/** A fresh instance of the harness, or of another module of the machine's tests. */
export async function loadHarness(job: typeof harnessJob = harnessJob): Promise<Harness> {
  await compileOnce(job);
  const module = await WebAssembly.compile(readFileSync(join(root, job.out)));
  return (await WebAssembly.instantiate(module, {})).exports;
}
