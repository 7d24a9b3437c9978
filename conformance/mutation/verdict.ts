/** Whether the suite finds a mutant out: the first unit that does, cheapest first. */
import { pairingsOf } from "../runner/pairings.ts";
import type { Unit } from "../runner/types.ts";
import { byPairing, runOne, type UnitVerdict } from "./run-units.ts";
import { mutate, type Site } from "./sites.ts";
import { type Bench, buildWith, readTarget, type Target, unitsWith } from "./target.ts";
import { isScenario, referenceTransitions, transitionsOf } from "./transitions.ts";

export interface MutantVerdict {
  /** "CASE in PAIRING", or "boot of PAIRING"; null: it survives. A scenario kills by its transitions. */
  killedBy: string | null;
  unitsRun: number;
}

/** @param reached indices of the units to run, from measureReach */
export async function judgeMutant(
  bench: Bench,
  target: Target,
  site: Site,
  reached: readonly number[],
): Promise<MutantVerdict> {
  const { suite } = bench;
  const transitions = await referenceTransitions(bench, target);
  const build = await buildWith(bench, target, mutate(readTarget(target), site));
  const pairings = pairingsOf(suite, build);
  const all = unitsWith(suite, build, target);
  const wanted = new Set(reached);
  const due = all.filter(({ index }) => wanted.has(index));
  const isExplored = (index: number) => suite.cases[index]?.mode === "explored";
  const ordered = [
    ...byPairing(due.filter((unit) => !isExplored(unit.case))),
    ...byPairing(due.filter((unit) => isExplored(unit.case))),
  ].sort((a, b) => Number(a.pairing > 0) - Number(b.pairing > 0));
  for (const [done, unit] of ordered.entries()) {
    const result = await runOne(bench, build, unit);
    const what = result.booted ? suite.cases[unit.case]?.id : "boot";
    if (isWrong(bench, unit, result, transitions.get(unit.index)))
      return { killedBy: `${what} in pairing ${pairings[unit.pairing]?.id}`, unitsRun: done + 1 };
  }
  return { killedBy: null, unitsRun: ordered.length };
}

/** A case is wrong by its verdict, a scenario by how it ends and what it costs. */
function isWrong(
  { suite }: Bench,
  unit: Unit,
  { booted, verdict, outcome }: UnitVerdict,
  transitions?: string,
): boolean {
  if (!booted) return true;
  if (!isScenario(suite.cases[unit.case])) return verdict !== "pass" && verdict !== "not-offered";
  return outcome.end !== "ok" || transitionsOf(outcome) !== transitions;
}
