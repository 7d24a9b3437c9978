/** Compiles every sabotaged half and runs its own case or all cases on each, on all cores. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { compileAll, root } from "../../../scripts/lib/asc.mjs";
import { halfJob } from "../../../scripts/lib/targets.mjs";
import { type Sabotage, sabotageId } from "../sabotages.ts";
import type { BuildFiles, CaseResult } from "./run-build.ts";

const folder = "conformance/build/sabotage";

export type SabotageResult = { cases: CaseResult[] } | { error: string };

/**
 * Result per id of a sabotage; compiled halves are kept and made again only when a source changed. `meetsAll` says which sabotages
 * are run against every case, the others against their own alone; `onDone` hears how many are done.
 */
export async function runSabotages(
  sabotages: readonly Sabotage[],
  meetsAll: (sabotage: Sabotage) => boolean,
  onDone: (done: number) => void = () => {},
): Promise<Map<string, SabotageResult>> {
  await compileAll(sabotages.map(sabotageJob));
  const due = [...sabotages];
  const results = new Map<string, SabotageResult>();
  const lanes = Math.min(due.length, availableParallelism());
  await Promise.all(Array.from({ length: lanes }, () => runLane(due)));
  return results;

  async function runLane(queue: Sabotage[]): Promise<void> {
    const workerData = { suite: `${root}/conformance/build/suite.bin`, core: `${root}/wasm-core/build/core.wasm` };
    const worker = new Worker(new URL("./sabotage-worker.ts", import.meta.url), { workerData });
    for (let next = queue.shift(); next; next = queue.shift()) {
      const only = meetsAll(next) ? {} : { only: next.case };
      const { id, ...result } = await ask(worker, { id: sabotageId(next), files: buildFiles(next), ...only });
      results.set(id, result);
      onDone(results.size);
    }
    await worker.terminate();
  }
}

function ask(
  worker: Worker,
  message: { id: string; files: BuildFiles; only?: string },
): Promise<{ id: string } & SabotageResult> {
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("message", (answer) => {
      worker.off("error", reject);
      resolve(answer);
    });
    worker.postMessage(message);
  });
}

function sabotageJob(sabotage: Sabotage) {
  const { half, edits } = sabotage;
  const id = sabotageId(sabotage);
  const [backend, name] = half.split("/") as [string, string];
  return halfJob(backend, name, { name: `sabotage ${id}`, out: `${folder}/${id}/${name}.wasm`, edits });
}

/** The sabotaged half beside the untouched rest of its build. */
function buildFiles(sabotage: Sabotage): BuildFiles {
  const [backend, name] = sabotage.half.split("/") as [string, string];
  const whole = `${root}/conformance/backends/${backend}/build`;
  const sabotaged = `${root}/${folder}/${sabotageId(sabotage)}/${name}.wasm`;
  return {
    manifest: `${whole}/parley.json`,
    // Full virtualisation has no guest half of its own.
    ...(backend === "fullvirt" ? {} : { guest: name === "guest" ? sabotaged : `${whole}/guest.wasm` }),
    ...(backend === "native" ? {} : { host: name === "host" ? sabotaged : `${whole}/host.wasm` }),
  };
}
