/** Worker thread of sabotages.test.ts: runs one build after the other. */
import { parentPort, workerData } from "node:worker_threads";
import { type BuildFiles, openRunner } from "./run-build.ts";

const { suite, core } = workerData as { suite: string; core: string };
const run = openRunner(suite, core, { hostile: false });

parentPort?.on("message", async ({ id, files, only }: { id: string; files: BuildFiles; only?: string }) => {
  try {
    parentPort?.postMessage({ id, cases: await (await run)(files, only) });
  } catch (error) {
    parentPort?.postMessage({ id, error: String(error) });
  }
});
