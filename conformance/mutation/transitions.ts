/** What scenarios count under an unmutated half: they claim no clause, their transitions are what a build is held to. */
import type { Outcome, SuiteCase } from "../runner/types.ts";
import { byPairing, runOne } from "./run-units.ts";
import { type Bench, buildWith, readTarget, type Target, unitsWith } from "./target.ts";

export const isScenario = (item: SuiteCase | undefined): boolean => (item?.scopes.length ?? 0) > 0;

/** By unit of a scenario. */
type Transitions = ReadonlyMap<number, string>;
const known = new WeakMap<Bench, Map<Target, Promise<Transitions>>>();

/** "0: 2, 1: 1": transitions by scope. */
export function transitionsOf(outcome: Outcome): string {
  return outcome.costs
    .filter(({ scope }) => scope >= 0)
    .map(({ scope, counters }) => `${scope}: ${counters.transitions ?? 0}`)
    .sort()
    .join(", ");
}

/** Of every scenario in which the half takes part; measured once per bench. */
export function referenceTransitions(bench: Bench, target: Target): Promise<Transitions> {
  const byTarget = known.get(bench) ?? new Map<Target, Promise<Transitions>>();
  known.set(bench, byTarget);
  const found = byTarget.get(target) ?? measure(bench, target);
  byTarget.set(target, found);
  return found;
}

async function measure(bench: Bench, target: Target): Promise<Transitions> {
  const build = await buildWith(bench, target, readTarget(target).bytes);
  const transitions = new Map<number, string>();
  for (const unit of byPairing(unitsWith(bench.suite, build, target)))
    if (isScenario(bench.suite.cases[unit.case]))
      transitions.set(unit.index, transitionsOf((await runOne(bench, build, unit)).outcome));
  return transitions;
}
