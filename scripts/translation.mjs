// npm run -s translation [-- --every N --seed S]: the full product of page-table bits, accesses and controls against the model of
// the architecture manual, for native and enlightened machines. Last line: N passed, N failed.
import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { kinds, PARTS, Product } from "../wasm-core/machine/testing/product.ts";

const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};

if (isMainThread) await main();
else await work();

/** Runs the parts that the main thread names, one by one. */
async function work() {
  const product = await Product.load();
  parentPort.on("message", ({ kind, part }) => parentPort.postMessage(product.run(kind, part, workerData)));
  parentPort.postMessage(null);
}

async function main() {
  const sample = { every: option("every", 1), seed: option("seed", 1) };
  if (!(sample.every >= 1) || !Number.isInteger(sample.every) || !Number.isInteger(sample.seed) || sample.seed < 0) {
    console.error("translation: --every needs a positive integer, --seed an integer from 0 on");
    process.exit(2);
  }
  // Compiles the module once, before the workers load it.
  await Product.load();
  const parts = Object.keys(kinds).flatMap((kind) => Array.from({ length: PARTS }, (_, part) => ({ kind, part })));
  const total = parts.length;
  const began = performance.now();
  const sum = { done: 0, checked: 0, failed: 0 };
  const lanes = Math.min(availableParallelism(), total);
  await Promise.all(Array.from({ length: lanes }, () => lane(parts, sample, sum, total, began)));
  console.log(`${sum.checked - sum.failed} passed, ${sum.failed} failed`);
  if (sum.failed) process.exitCode = 1;
}

function lane(parts, sample, sum, total, began) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: sample });
    worker.on("error", reject);
    worker.on("message", (result) => {
      if (result) report(result, sum, total, began);
      const next = parts.shift();
      if (next) worker.postMessage(next);
      else worker.terminate().then(resolve);
    });
  });
}

function report({ checked, failed, first }, sum, total, began) {
  sum.done += 1;
  sum.checked += checked;
  sum.failed += failed;
  if (first) console.log(`FAILED ${first}`);
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  console.log(`translation: part ${sum.done} of ${total}, ${(sum.checked / 1e6).toFixed(1)} M checks, ${seconds} s`);
}
