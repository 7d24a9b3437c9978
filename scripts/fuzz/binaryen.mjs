// Modules of binaryen's generator: wasm-opt -ttf makes one of random bytes, restricted to the features the engine supports.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../../wasm-core/engine/testing/random-tables.ts";
import { root } from "../lib/toolchain.mjs";

const FEATURES = [
  "--mvp-features",
  "--enable-mutable-globals",
  "--enable-nontrapping-float-to-int",
  "--enable-sign-ext",
  "--enable-bulk-memory",
  "--enable-bulk-memory-opt",
  "--enable-multivalue",
  "--enable-reference-types",
  "--enable-tail-call",
  "--enable-extended-const",
];

/** Starting wasm-opt costs a second: it rests as long as it works, to leave the core to the comparing. */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 1000)));

/** Makes modules one after the other beside the caller, for seeds from `first` on. */
export function foreignModules(first) {
  const folder = mkdtempSync(join(tmpdir(), "parley-fuzz-"));
  const ready = [];
  let seed = first;
  let stopped = false;
  let child;
  const loop = (async () => {
    while (!stopped) {
      const began = performance.now();
      const made = await make(seed);
      if (made) ready.push(made);
      seed += 1;
      await pause(performance.now() - began);
    }
  })();

  async function make(own) {
    const [input, output] = [join(folder, "input"), join(folder, "output.wasm")];
    writeFileSync(input, randomBytes(own));
    child = spawn(
      process.execPath,
      [join(root, "node_modules/binaryen/bin/wasm-opt"), "-ttf", input, ...FEATURES, "--denan", "-o", output],
      {
        stdio: "ignore",
      },
    );
    const code = await new Promise((resolve) => child.on("exit", resolve));
    if (code !== 0) return null;
    return { bytes: new Uint8Array(readFileSync(output)), label: `wasm-opt -ttf seed ${own}`, seed: own };
  }

  return {
    /** What was made since the last call. */
    finished: () => ready.splice(0),
    /** Waits for the next one. */
    async next() {
      while (!ready.length && !stopped) await new Promise((resolve) => setTimeout(resolve, 50));
      return ready.splice(0);
    },
    async stop() {
      stopped = true;
      child?.kill();
      await loop;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** 2 to 34 KB, all from the seed. */
function randomBytes(seed) {
  const random = new Random(seed + 31);
  return Uint8Array.from({ length: 2000 + random.below(32_000) }, () => random.below(256));
}
