/** A deeper search than the suite asks for: the same cases with one preemption more, and a larger budget. */
import { SCHEDULES_DEFAULT } from "./cases.ts";
import type { Suite, SuiteCase } from "./types.ts";

/** Beyond the case's own budget. */
const FACTOR = 10;

/**
 * The suite that `parley test --deep` searches with. What it finds replays under the suite itself; its report is nobody
 * else's, since bounds and budgets are part of what a report's digest stands for.
 */
export function deepSuite(suite: Suite): Suite {
  const { budgets } = suite;
  return {
    ...suite,
    cases: suite.cases.map(deepCase),
    budgets: { ...budgets, fuel_unit: budgets.fuel_unit * FACTOR, fuel_run: budgets.fuel_run * FACTOR },
  };
}

function deepCase(item: SuiteCase): SuiteCase {
  if (item.mode !== "explored") return item;
  return { ...item, bound: item.bound + 1, budget: Math.max(SCHEDULES_DEFAULT, item.budget * FACTOR) };
}
