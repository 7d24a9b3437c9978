/** Worker thread of the pool: judges one mutant, or runs one known-bad half, after the other. */
import { parentPort } from "node:worker_threads";
import { runKnownBad } from "./known-bad.ts";
import type { Site } from "./sites.ts";
import { openBench, type Target } from "./target.ts";
import { judgeMutant } from "./verdict.ts";

export type Job =
  | { kind: "mutant"; target: Target; site: Site; reached: number[] }
  | { kind: "known-bad"; name: string };

const bench = openBench();

parentPort?.on("message", async ({ id, job }: { id: number; job: Job }) => {
  try {
    const opened = await bench;
    const result =
      job.kind === "mutant"
        ? await judgeMutant(opened, job.target, job.site, job.reached)
        : await runKnownBad(opened, job.name);
    parentPort?.postMessage({ id, result });
  } catch (error) {
    parentPort?.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
  }
});
