import { beforeAll, describe, expect, it } from "vitest";
import type { Vm } from "../../conformance/runner/vm.ts";
import { booted, compileTesting, replay, run, search, unit } from "./testing/harness.ts";

let vm: Vm;
beforeAll(async () => {
  await compileTesting();
  vm = await booted("native", 2);
});

/** The lost wake-up. */
const CASE = 4;
const SEEDS = 20;
const found = (settings: object) => run(vm, unit(CASE, 2, { ...search, ...settings }));
const deviations = (schedule = "") => schedule.split(",").length;

describe("the schedule of a failure is a minimal one", () => {
  it("the systematic search has as few preemptions as there are: one fewer, exhausted, shows nothing", () => {
    expect(found({ bound: 0 })).toMatchObject({ end: "ok", exhausted: 1 });
    const shortest = found({ bound: 1 }).failure;
    expect(deviations(shortest?.schedule)).toBe(1);
    for (const bound of [2, 3]) expect(found({ bound }).failure).toEqual(shortest);
  });

  it("what chance found is as short as what the systematic search finds, whatever the seed", () => {
    const shortest = found({ bound: 1 }).failure;
    const tried = new Set<number>();
    for (let seed = 1n; seed <= SEEDS; seed++) {
      const drawn = found({ strategy: 2, bound: 4, seed: (seed * 0x9e3779b97f4a7c15n) & (2n ** 64n - 1n) });
      tried.add(drawn.tried);
      expect(drawn.failure?.schedule).toBe(shortest?.schedule);
      expect(run(vm, unit(CASE, 2, replay(drawn.failure?.schedule ?? ""))).failure).toEqual(drawn.failure);
    }
    // Shrinking is not counted as search: seeds find it after different numbers of schedules.
    expect(tried.size).toBeGreaterThan(1);
  });
});
