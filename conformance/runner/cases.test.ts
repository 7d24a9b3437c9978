import { describe, expect, it } from "vitest";
import { readCases } from "./cases.ts";
import { deepSuite } from "./deep.ts";
import { budgets } from "./suite-constants.ts";
import type { Suite } from "./types.ts";

const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const leb = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)]);

/** A kernel with nothing but the section, which describes one case. */
function kernelWith(item: object): Uint8Array<ArrayBuffer> {
  const described = { id: "c", index: 0, title: "A case", clauses: [0], stuck: 0, ops: [0], roles: [{ name: "vCPU" }] };
  const section = { pvi: "1.0", clauses: ["irq.enable.1"], ops: ["irq.enable"], cases: [{ ...described, ...item }] };
  const bytes = (words: string) => [...new TextEncoder().encode(words)];
  const name = bytes("parley.cases");
  const body = [name.length, ...name, ...bytes(JSON.stringify(section))];
  return new Uint8Array([...header, 0, ...leb(body.length), ...body]);
}

const caseOf = (item: object) => readCases(kernelWith(item)).cases[0];

describe("a case that names no bound and no budget", () => {
  it("is searched exhaustively, with 2 preemptions, within 20 000 schedules or 100 M instructions", () => {
    expect(caseOf({ mode: "explored" })).toMatchObject({ strategy: "dfs", bound: 2, budget: 20_000 });
    expect(budgets.fuel_unit).toBe(100_000_000);
  });

  it("may name others", () => {
    const named = { mode: "explored", strategy: "pct", bound: 1, budget: 50 };
    expect(caseOf(named)).toMatchObject({ strategy: "pct", bound: 1, budget: 50 });
    expect(() => caseOf({ mode: "explored", budget: 0 })).toThrow(expect.objectContaining({ code: "bad-cases" }));
  });

  it("runs one schedule if it is sequential", () => {
    expect(caseOf({ mode: "sequential" })).toMatchObject({ strategy: "rr", budget: 1 });
  });

  it("goes beyond both when searched deeply", () => {
    const deep = deepSuite({ cases: [caseOf({ mode: "explored" })], budgets } as Suite);
    expect(deep.cases[0]).toMatchObject({ bound: 3, budget: 200_000 });
    expect(deep.budgets.fuel_unit).toBe(1_000_000_000);
  });
});
