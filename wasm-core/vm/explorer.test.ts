import { beforeAll, describe, expect, it } from "vitest";
import type { Vm } from "../../conformance/runner/vm.ts";
import { unitFlags } from "../../conformance/runner/vm-structs.ts";
import { booted, compileTesting, replay, run, search, unit } from "./testing/harness.ts";

let vm: Vm;
beforeAll(async () => {
  await compileTesting();
  vm = await booted("native", 2);
});

const outcomes = (index: number, roles = 2, settings = {}) => {
  const { outcomes, exhausted, end } = run(vm, unit(index, roles, { ...search, ...settings }));
  expect({ end, exhausted }).toEqual({ end: "ok", exhausted: 1 });
  return outcomes.map((vector) => vector.join(" ")).sort();
};

describe("x86-TSO", () => {
  it("SB: both may read 0; with mfence not", () => {
    expect(outcomes(6)).toEqual(["0 0", "0 1", "1 0", "1 1"]);
    expect(outcomes(7)).toEqual(["0 1", "1 0", "1 1"]);
  });

  it("MP: never the second store without the first", () => {
    expect(outcomes(20)).toEqual(["0 0", "0 1", "1 1"]);
  });

  it("an increment without LOCK can be lost", () => {
    expect(outcomes(24)).toEqual(["1", "2"]);
  });
});

describe("search", () => {
  it("finds the lost wake-up, replays it by its string, and finds none in the corrected twin", () => {
    const found = run(vm, unit(4, 2, search));
    expect(found).toMatchObject({ end: "stuck", failed: [99] });
    const schedule = found.failure?.schedule ?? "";
    expect(schedule).toMatch(/^1-\d+:/);
    expect(schedule.split(",").length).toBeLessThanOrEqual(2);
    expect(run(vm, unit(4, 2, replay(schedule))).failure).toEqual(found.failure);
    expect(run(vm, unit(5, 2, search))).toMatchObject({ end: "ok", exhausted: 1 });
  });

  it("finds it by chance too", () => {
    const found = run(vm, unit(4, 2, { ...search, strategy: 2, bound: 3 }));
    expect(found).toMatchObject({ end: "stuck" });
    expect(run(vm, unit(4, 2, replay(found.failure?.schedule ?? "")))).toMatchObject({ end: "stuck" });
  });

  it("branches over test.choose and over arrivals", () => {
    expect(outcomes(15, 1)).toEqual(["0", "1", "10", "11", "20", "21"]);
    expect(outcomes(16, 1, { arrivals: [{ kind: 0, vector: 0x40, vcpu: 0, max: 1 }] })).toEqual(["0 0", "0 1", "1 1"]);
  });

  it("in fine cases interrupts come between private instructions", () => {
    const arrivals = [{ kind: 0, vector: 0x40, vcpu: 0, max: 1 }];
    expect(outcomes(27, 1, { arrivals })).not.toContain("1 1");
    expect(outcomes(27, 1, { arrivals, flags: unitFlags.fine })).toContain("1 1");
  });

  it("slices share the schedules out: together they see what one unit sees", () => {
    const seen = [0, 1, 2].flatMap((slice) =>
      run(vm, unit(6, 2, { ...search, slice, slices: 3 })).outcomes.map(String),
    );
    expect([...new Set(seen)].sort()).toEqual(["0,0", "0,1", "1,0", "1,1"]);
  });
});

describe("schedule strings", () => {
  it("refuses what is no schedule, naming the first bad entry", () => {
    expect(() => run(vm, unit(6, 2, replay("2-")))).toThrow(/E_SCHEDULE/);
    expect(() => run(vm, unit(6, 2, replay("1-3:S1,3:S0")))).toThrow(/entry 2/);
    expect(() => run(vm, unit(6, 2, replay("1-x")))).toThrow(/entry 1/);
  });

  it("refuses a seed out of range", () => {
    expect(() => run(vm, unit(6, 2, { seed: 1n << 64n }))).toThrow(/from 0 to 2\^64/);
    expect(() => run(vm, unit(6, 2, { seed: -1n }))).toThrow(/from 0 to 2\^64/);
    expect(run(vm, unit(6, 2, { seed: (1n << 64n) - 1n })).end).toBe("ok");
  });

  it("says so when a schedule does not fit the case", () => {
    const reasonOf = (schedule: string) => run(vm, unit(6, 2, replay(schedule))).failure?.reason;
    expect(run(vm, unit(6, 2, replay("1-0:D1")))).toMatchObject({ end: "refused" });
    expect(reasonOf("1-0:D1")).toContain("entry 1 is not possible");
    expect(reasonOf("1-90000:S1")).toContain("entry 1 lies behind the end");
    expect(run(vm, unit(6, 2, replay("1-")))).toMatchObject({ end: "ok" });
  });
});

describe("determinism", () => {
  it("memory stays as it is over the schedules that a unit tries when it is told no number: 20 000", () => {
    const before = vm.memoryUsed();
    expect(run(vm, unit(5, 2, { strategy: 2, bound: 3, schedules_max: 0 }))).toMatchObject({
      end: "ok",
      tried: 20_000,
    });
    expect(vm.memoryUsed()).toBe(before);
  });

  it("outcomes do not depend on slices of fuel or on what ran before", async () => {
    const units = [
      unit(4, 2, search),
      unit(6, 2, search),
      unit(1, 2),
      unit(10, 1),
      unit(11, 1),
      unit(21, 2),
      unit(22, 1),
    ];
    const expected = units.map((what) => run(vm, what));
    const other = await booted("native", 2);
    const sizes = [1_000_003, 999, 17];
    for (const [i, size] of sizes.entries()) {
      const order = units.map((_, k) => (k * 3 + i) % units.length);
      for (const k of order)
        if (size > 100 || k < 3) expect(run(other, units[k] as (typeof units)[0], size)).toEqual(expected[k]);
    }
  });
});
