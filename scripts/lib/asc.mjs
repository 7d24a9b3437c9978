// Compiles AssemblyScript in worker threads; a job whose sources, arguments and compiler are unchanged is skipped.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const compiler = JSON.parse(readFileSync(join(root, "node_modules/assemblyscript/package.json"), "utf8")).version;

/** Arguments every module of the project shares: no runtime, no assertions, no imports of asc's own. */
export const commonArgs = ["--runtime", "stub", "--noAssert", "-O1", "--use", "abort="];

/**
 * @typedef {object} Job
 * @property {string} name    shown in progress and errors
 * @property {string} entry   source file, relative to the project root
 * @property {string} out     .wasm file to write, relative to the project root
 * @property {string[]} inputs folders or files whose .ts contents the result depends on
 * @property {string[]} [args] asc arguments besides commonArgs
 * @property {{file: string, find: string, replace: string}[]} [edits] textual edits of sources, each matching once
 */

/**
 * Compiles all jobs that are out of date.
 * @param {Job[]} jobs
 * @param {(line: string) => void} [progress]
 * @returns {Promise<{compiled: number, cached: number}>} throws one Error naming every failed job
 */
export async function compileAll(jobs, progress = () => {}) {
  const due = jobs.map((job) => ({ job, key: keyOf(job) })).filter(({ job, key }) => !isCurrent(job, key));
  const failures = [];
  let done = 0;
  const queue = [...due];
  const lanes = Math.min(queue.length, Math.max(1, availableParallelism()));
  await Promise.all(Array.from({ length: lanes }, () => runLane()));
  if (failures.length > 0)
    throw new Error(`AssemblyScript: ${failures.length} of ${due.length} failed\n${failures.join("\n")}`);
  return { compiled: due.length, cached: jobs.length - due.length };

  async function runLane() {
    const worker = new Worker(new URL("./asc-worker.mjs", import.meta.url));
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { job, key } = next;
      const result = await ask(worker, {
        ...job,
        root,
        args: [...commonArgs, ...(job.args ?? [])],
        edits: job.edits ?? [],
      });
      done += 1;
      if (result.error) failures.push(`${job.name}: ${result.error}`);
      else writeFileSync(stampOf(job), key);
      progress(`asc ${done}/${due.length} ${job.name}${result.error ? " FAILED" : ` ${result.bytes} bytes`}`);
    }
    await worker.terminate();
  }
}

function ask(worker, message) {
  return new Promise((resolve, reject) => {
    const settle = (result) => {
      worker.off("error", reject);
      resolve(result);
    };
    worker.once("error", reject);
    worker.once("message", settle);
    worker.postMessage(message);
  });
}

function stampOf(job) {
  const path = join(root, `${job.out}.key`);
  mkdirSync(dirname(path), { recursive: true });
  return path;
}

function isCurrent(job, key) {
  const stamp = stampOf(job);
  return existsSync(join(root, job.out)) && existsSync(stamp) && readFileSync(stamp, "utf8") === key;
}

function keyOf(job) {
  const hash = createHash("sha256").update(
    JSON.stringify([compiler, commonArgs, job.entry, job.args ?? [], job.edits ?? []]),
  );
  for (const file of job.inputs.flatMap(sourcesUnder).sort())
    hash
      .update(file)
      .update("\0")
      .update(readFileSync(join(root, file)));
  return hash.digest("hex");
}

const sourceCache = new Map();
function sourcesUnder(path) {
  if (path.endsWith(".ts")) return [path];
  if (!sourceCache.has(path)) {
    sourceCache.set(path, filesUnder(path));
  }
  return sourceCache.get(path);
}

/** Folders named build are not entered: locks and outputs of others come and go there. */
function filesUnder(path) {
  return readdirSync(join(root, path), { withFileTypes: true }).flatMap((entry) => {
    const name = `${path}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === "build" ? [] : filesUnder(name);
    return name.endsWith(".ts") && !name.endsWith(".test.ts") ? [name] : [];
  });
}
