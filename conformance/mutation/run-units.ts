/** Units of a build one by one, and what each says: a verdict of its case, or that its pairing does not boot. */

import { worst } from "../runner/judge.ts";
import { verdictsOfCase } from "../runner/judge-case.ts";
import { pairingsOf } from "../runner/pairings.ts";
import { runUnit } from "../runner/run.ts";
import type { Build, Outcome, Unit, Verdict } from "../runner/types.ts";
import type { Bench } from "./target.ts";

export interface UnitVerdict {
  booted: boolean;
  verdict: Verdict;
  outcome: Outcome;
}

export async function runOne({ vm, suite }: Bench, build: Build, unit: Unit): Promise<UnitVerdict> {
  const pairing = pairingsOf(suite, build)[unit.pairing];
  if (!pairing) throw new Error(`no pairing ${unit.pairing}`);
  const meter = { fuel: suite.budgets.fuel_slice };
  const yieldNow = () => Promise.resolve();
  const { booted, outcome } = await runUnit({ vm, suite, build, pairing, unit, meter, yieldNow });
  const merged = { case: unit.case, pairing: unit.pairing, outcome, boot: !booted };
  const verdict = worst(verdictsOfCase(suite, build.manifest, merged).map((clause) => clause.verdict));
  return { booted, verdict, outcome };
}

/** Units of one pairing after the other, so that each pairing boots once. */
export function byPairing(units: readonly Unit[]): Unit[] {
  return [...units].sort((a, b) => a.pairing - b.pairing || a.index - b.index);
}
