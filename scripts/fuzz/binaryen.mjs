// Modules of binaryen's generator, made by a worker ahead of their use: module i is a function of the run's seed and i alone.
import { Worker } from "node:worker_threads";

/** How many modules may wait. */
const AHEAD = 4;

/**
 * @param {number} seed of the run
 * @param {Iterable<number>} indices those of binaryen's modules, in the order of use
 * @returns {{next: () => Promise<Uint8Array | null>, stop: () => Promise<unknown>}} next: null when binaryen made none of its bytes
 */
export function foreignModules(seed, indices) {
  const worker = new Worker(new URL("./wasm-opt.mjs", import.meta.url), { stdout: true, stderr: true });
  const order = indices[Symbol.iterator]();
  const ready = [];
  const waiting = [];
  let failure;
  const settle = () => {
    while (waiting.length && (failure || ready.length)) {
      const { resolve, reject } = waiting.shift();
      if (failure) reject(failure);
      else resolve(ready.shift());
    }
  };
  const ask = () => {
    const { value, done } = order.next();
    if (!done) worker.postMessage({ seed, index: value });
  };
  worker.on("message", (bytes) => {
    ready.push(bytes);
    settle();
  });
  worker.on("error", (error) => {
    failure = error;
    settle();
  });
  for (let i = 0; i < AHEAD; i++) ask();
  return {
    next() {
      ask();
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        settle();
      });
    },
    stop: () => worker.terminate(),
  };
}
