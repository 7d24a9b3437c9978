/** Whether each explored case would find its known-bad halves and its sabotage with a tenth of its budget, or is exhausted anyway. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sabotages } from "../kernel/sabotages.ts";
import { runSabotages } from "../kernel/testing/sabotage-pool.ts";
import type { SuiteCase } from "../runner/types.ts";
import type { KnownBadVerdict } from "./known-bad.ts";
import type { Bench } from "./target.ts";
import { wholeReport } from "./whole-report.ts";

/** A case's budget must be this many times what the slowest of its bad halves needs. */
export const MARGIN_MIN = 10;

const backends = fileURLToPath(new URL("../backends/", import.meta.url));

/** The bad half that takes a case the longest, in schedules. */
export interface Need {
  half: string;
  schedules: number;
}

/** How far the searches of a case got on the reference builds. */
export interface Search {
  exhausted: boolean;
  /** The most schedules in one pairing. */
  tried: number;
}

export interface BudgetRow {
  id: string;
  bound: number;
  budget: number;
  search: Search | null;
  need: Need | null;
  /** null where no bad half is known. */
  margin: number | null;
  holds: boolean;
}

/** What each case's bad halves needed: those of conformance/mutants/, and the case's own sabotage. */
export async function needsOf(knownBad: readonly KnownBadVerdict[]): Promise<Map<string, Need>> {
  const needs = new Map<string, Need>();
  const note = (id: string, half: string, schedules: number) => {
    if (schedules > (needs.get(id)?.schedules ?? 0)) needs.set(id, { half, schedules });
  };
  for (const { name, tried } of knownBad)
    for (const [id, schedules] of Object.entries(tried)) note(id, name, schedules);
  const results = await runSabotages(sabotages, () => false);
  for (const [id, result] of results) {
    if ("error" in result) throw new Error(`sabotage of ${id}: ${result.error}`);
    const found = result.cases.filter((item) => item.id === id && item.verdict === "fail");
    if (found.length > 0) note(id, "its sabotage", Math.min(...found.map(({ schedules }) => schedules)));
  }
  return needs;
}

/** Runs the reference builds: a case is exhausted if it is in every pairing of every build. */
export async function searchesOf(bench: Bench, names: readonly string[]): Promise<Map<string, Search>> {
  const searches = new Map<string, Search>();
  for (const name of names) {
    const { cases } = await wholeReport(bench, join(backends, name, "build"));
    for (const { id, schedules } of cases) {
      if (schedules.tried === 0) continue;
      const before = searches.get(id) ?? { exhausted: true, tried: 0 };
      searches.set(id, {
        exhausted: before.exhausted && schedules.exhausted,
        tried: Math.max(before.tried, schedules.tried),
      });
    }
  }
  return searches;
}

/** A row per explored case, in suite order. */
export function budgetRows(
  cases: readonly SuiteCase[],
  needs: ReadonlyMap<string, Need>,
  searches: ReadonlyMap<string, Search>,
): BudgetRow[] {
  return cases
    .filter(({ mode }) => mode === "explored")
    .map(({ id, bound, budget }) => {
      const need = needs.get(id) ?? null;
      const search = searches.get(id) ?? null;
      const margin = need ? Math.floor(budget / need.schedules) : null;
      return {
        id,
        bound,
        budget,
        search,
        need,
        margin,
        holds: search?.exhausted === true || (margin ?? 0) >= MARGIN_MIN,
      };
    });
}

export function renderBudgets(rows: readonly BudgetRow[]): string {
  const lines = rows.map(({ id, bound, budget, search, need, margin, holds }) => {
    const found = need ? `${need.half} needs ${need.schedules}, margin ${margin}` : "no bad half needs it";
    const reach = search ? `exhausted: ${search.exhausted ? "yes" : "no"} (${search.tried} tried)` : "not run";
    return `${holds ? "✓" : "✗"} ${id}: bound ${bound}, budget ${budget}, ${reach}, ${found}`;
  });
  const bad = rows.filter(({ holds }) => !holds).length;
  const not = rows.filter(({ search }) => search?.exhausted !== true).length;
  lines.push(
    `${rows.length} explored cases: ${rows.length - not} exhausted at their bound, ${not} not; ${bad} without a margin of ${MARGIN_MIN}`,
  );
  return `${lines.join("\n")}\n`;
}
