/** Runs jobs on worker threads, one per core; results come in the order of the jobs. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Job } from "./worker.ts";

type Answer<T> = { result: T } | { error: string };

/** @param onDone called after each job, with how many are done; throws the first error a job ended in */
export async function runJobs<T>(jobs: readonly Job[], onDone: (done: number) => void = () => {}): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  let done = 0;
  const lane = async () => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url));
    try {
      for (let id = next++; id < jobs.length; id = next++) {
        const answer = await ask<T>(worker, id, jobs[id] as Job);
        if ("error" in answer) throw new Error(answer.error);
        results[id] = answer.result;
        onDone(++done);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs.length, availableParallelism()) }, lane));
  return results;
}

function ask<T>(worker: Worker, id: number, job: Job): Promise<Answer<T>> {
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("message", (answer: Answer<T>) => {
      worker.off("error", reject);
      resolve(answer);
    });
    worker.postMessage({ id, job });
  });
}
