/** Runs one known-bad half whole and says whether the clauses fail that it names. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readMutants } from "../mutants/mutants.ts";
import type { Bench } from "./target.ts";
import { wholeReport } from "./whole-report.ts";

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

export async function runKnownBad(bench: Bench, name: string): Promise<KnownBadVerdict> {
  const { ops, cases } = await wholeReport(bench, join(folder, name, "build"));
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
