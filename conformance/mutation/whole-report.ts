/** The report of a build that stands in a folder: every unit of it, in this process. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inspectBuild, mergeAndJudge, planShards, type Report, runShard } from "../runner/index.ts";
import type { Bench } from "./target.ts";

/** folder: holds parley.json and the halves. Throws with intake's problems where the build is refused. */
export async function wholeReport({ vm, suite }: Bench, folder: string): Promise<Report> {
  const part = (file: string) => {
    const path = join(folder, file);
    return existsSync(path) ? new Uint8Array(readFileSync(path)) : undefined;
  };
  const parts = { manifest: part("parley.json") ?? null, guest: part("guest.wasm"), host: part("host.wasm") };
  const inspected = await inspectBuild(vm, suite, { ...parts, rom: part("rom.wasm") });
  if (!inspected.ok) throw new Error(`${folder}: ${JSON.stringify(inspected.problems)}`);
  const results = [];
  for (const shard of planShards(suite, inspected.build, 1))
    results.push(await runShard(vm, suite, inspected.build, shard));
  const { report } = await mergeAndJudge(suite, inspected.build, results);
  return JSON.parse(new TextDecoder().decode(report)) as Report;
}
