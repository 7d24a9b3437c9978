import { describe, expect, it } from "vitest";
import type { SuiteCase } from "../runner/types.ts";
import { budgetRows, renderBudgets } from "./budgets.ts";

const explored = (id: string, budget: number) => ({ id, mode: "explored", bound: 2, budget }) as SuiteCase;
const needs = new Map([
  ["wide", { half: "slow", schedules: 20 }],
  ["narrow", { half: "slow", schedules: 21 }],
  ["ended", { half: "slow", schedules: 150 }],
]);
const searches = new Map([
  ["wide", { exhausted: false, tried: 200 }],
  ["narrow", { exhausted: false, tried: 200 }],
  ["ended", { exhausted: true, tried: 180 }],
  ["unknown", { exhausted: false, tried: 200 }],
]);
const rows = (...ids: string[]) =>
  budgetRows(
    ids.map((id) => explored(id, 200)),
    needs,
    searches,
  );

describe("the budget of an explored case", () => {
  it.each([
    ["wide", true, "ten times what its slowest bad half needs"],
    ["narrow", false, "less than ten times"],
    ["ended", true, "the search ends before it"],
    ["unknown", false, "nobody needs it, and it cuts the search short"],
  ])("%s: %s, %s", (id, holds) => {
    expect(rows(id)).toMatchObject([{ id, holds }]);
  });

  it("is said in a line each, with a count at the end", () => {
    const text = renderBudgets(rows("wide", "narrow", "ended"));
    expect(text).toContain("✗ narrow: bound 2, budget 200, exhausted: no (200 tried), slow needs 21, margin 9\n");
    expect(text).toMatch(/\n3 explored cases: 1 exhausted at their bound, 2 not; 1 without a margin of 10\n$/);
  });

  it("is not asked of sequential cases", () => {
    expect(budgetRows([{ ...explored("wide", 1), mode: "sequential" }], needs, searches)).toEqual([]);
  });
});
