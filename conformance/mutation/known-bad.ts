/** Runs one known-bad half whole and says whether the clauses fail that it names. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readMutants } from "../mutants/mutants.ts";
import { inspectBuild, mergeAndJudge, planShards, type Report, runShard } from "../runner/index.ts";
import type { Bench } from "./target.ts";

const folder = fileURLToPath(new URL("../mutants/", import.meta.url));

export interface KnownBadVerdict {
  name: string;
  /** Clauses that should have failed and held, and hostile variants that should have found it out and did not. */
  missed: string[];
  /** Clauses that failed and should have held; where hostile variants find it out, other pairings that did. */
  unexpected: string[];
  /** Schedules that each explored case tried until it failed, by case. */
  tried: Record<string, number>;
}

/** Names of all known-bad halves that scripts/build.mjs has made. */
export function knownBadNames(): string[] {
  return readMutants()
    .map(({ name }) => name)
    .filter((name) => existsSync(join(folder, name, "build/parley.json")));
}

export async function runKnownBad({ vm, suite }: Bench, name: string): Promise<KnownBadVerdict> {
  const part = (file: string) => {
    const path = join(folder, name, "build", file);
    return existsSync(path) ? new Uint8Array(readFileSync(path)) : undefined;
  };
  const parts = { manifest: part("parley.json") ?? null, guest: part("guest.wasm"), host: part("host.wasm") };
  const inspected = await inspectBuild(vm, suite, { ...parts, rom: part("rom.wasm") });
  if (!inspected.ok) throw new Error(`${name}: ${JSON.stringify(inspected.problems)}`);
  const results = [];
  for (const shard of planShards(suite, inspected.build, 1))
    results.push(await runShard(vm, suite, inspected.build, shard));
  const { report } = await mergeAndJudge(suite, inspected.build, results);
  const { ops, cases } = JSON.parse(new TextDecoder().decode(report)) as Report;
  const failed = new Set(ops.flatMap((op) => op.clauses.filter((c) => c.verdict === "fail").map((c) => c.id)));
  const mutant = readMutants().find((item) => item.name === name);
  const wanted = mutant?.clauses ?? [];
  const hostile = (mutant?.variant ?? []).map((variant) => `${mutant?.half}/${mutant?.base}+${variant}`);
  const finders = new Set(cases.filter((item) => item.failure).map(({ peer }) => peer));
  const blind = hostile.filter((peer) => !finders.has(peer));
  const others = hostile.length > 0 ? [...finders].filter((peer) => !hostile.includes(peer)) : [];
  const unexpected = hostile.length > 0 ? others : [...failed].filter((id) => !wanted.includes(id));
  const found = cases.filter((item) => item.failure && item.schedules.tried > 0);
  const tried: Record<string, number> = {};
  for (const { id, schedules } of found) tried[id] = Math.min(tried[id] ?? Number.POSITIVE_INFINITY, schedules.tried);
  return { name, missed: [...wanted.filter((id) => !failed.has(id)), ...blind], unexpected, tried };
}
