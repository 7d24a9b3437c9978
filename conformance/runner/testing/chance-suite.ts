/** The suite with every other explored case searched by chance, and all of them briefly: the shipped one searches systematically. */
import type { Suite } from "../types.ts";

const SCHEDULES_MAX = 400;

export function chanceSuite(suite: Suite): Suite {
  let explored = 0;
  const cases = suite.cases.map((item) => {
    if (item.mode !== "explored") return item;
    explored += 1;
    const budget = Math.min(item.budget, SCHEDULES_MAX);
    return explored % 2 === 0 ? { ...item, budget, strategy: "pct" as const } : { ...item, budget };
  });
  return { ...suite, cases };
}
