// Compiles the harness (cached) and loads it: what every test of the machine starts from.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compileAll, root } from "../../../scripts/lib/asc.mjs";

const out = "wasm-core/build/machine-harness.wasm";

// biome-ignore lint/suspicious/noExplicitAny: exports of a wasm module are not typed
export type Harness = Record<string, any>;

/** A fresh instance of the harness. */
export async function loadHarness(): Promise<Harness> {
  await compileAll([
    {
      name: "machine-harness",
      entry: "wasm-core/machine/testing/harness.ts",
      out,
      inputs: ["wasm-core/machine", "wasm-core/memory"],
      args: ["--maximumMemory", "1536"],
    },
  ]);
  const module = await WebAssembly.compile(readFileSync(join(root, out)));
  return (await WebAssembly.instantiate(module, {})).exports;
}
