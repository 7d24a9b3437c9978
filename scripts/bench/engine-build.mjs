// Compiles the engine's benchmark programs, and the build of the engine that runs them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compileAll, root } from "../lib/asc.mjs";
import { writeIfChanged } from "../lib/suite.mjs";

const folder = "wasm-core/engine/bench";

/** Turns of each program: some 5 ms of native V8. None of them is in the corpus that opcodes/pairs.ts was trained on. */
export const turns = { hash: 30, sieve: 36, recursion: 60, pointers: 16, glue: 320, compressor: 28 };

/** The .wasm of a program stands beside its source, so that other engines can be compared on the same bytes. */
export async function buildBench() {
  const names = [...Object.keys(turns), "host"];
  const program = (name) => ({
    name: `bench ${name}`,
    entry: `${folder}/${name}.ts`,
    out: `${folder}/build/${name}.wasm`,
    inputs: [`${folder}/${name}.ts`],
    args: ["-O3"],
  });
  const harness = {
    name: "bench harness",
    entry: `${folder}/harness.ts`,
    out: `${folder}/build/harness.wasm`,
    inputs: ["wasm-core/engine", "wasm-core/memory"],
    args: ["--maximumMemory", "1536"],
  };
  await compileAll([...names.map(program), harness]);
  for (const name of names) writeIfChanged(`${folder}/${name}.wasm`, read(`${folder}/build/${name}.wasm`));
}

/** Bytes of a program, of `host`, or of the engine (`harness`). */
export function benchFile(name) {
  return read(name === "harness" ? `${folder}/build/harness.wasm` : `${folder}/${name}.wasm`);
}

const read = (path) => new Uint8Array(readFileSync(join(root, path)));
