import { beforeAll, describe, expect, it } from "vitest";
import { deepSuite } from "./deep.ts";
import { runShard } from "./run.ts";
import { inspected, listBuilds, openBuiltSuite } from "./testing/builds.ts";
import type { Build, Suite } from "./types.ts";
import { unitsOf } from "./units.ts";
import type { Vm } from "./vm.ts";

let vm: Vm;
let suite: Suite;
let build: Build;
beforeAll(async () => {
  ({ vm, suite } = await openBuiltSuite());
  const native = listBuilds().find(({ name }) => name === "native");
  build = await inspected(vm, suite, native?.parts ?? { manifest: null });
});

async function searched(which: Suite, id: string) {
  const unit = unitsOf(which, build).find(({ case: at }) => which.cases[at]?.id === id);
  const { units } = await runShard(vm, which, build, { index: 0, units: [unit?.index ?? -1] });
  return units[0]?.outcome;
}

describe("a deep search", () => {
  it("tries more schedules with one preemption more, and says so", async () => {
    const id = "irq-disable-any-arrival";
    const own = await searched(suite, id);
    const deep = await searched(deepSuite(suite), id);
    expect(deep?.bound).toBe((own?.bound ?? Number.NaN) + 1);
    expect(deep?.tried).toBeGreaterThan(own?.tried ?? Number.NaN);
    expect([own?.exhausted, deep?.exhausted]).toEqual([1, 1]);
  });

  it("leaves sequential cases as they are", () => {
    const sequential = (of: Suite) => of.cases.filter(({ mode }) => mode === "sequential");
    expect(sequential(deepSuite(suite))).toEqual(sequential(suite));
  });
});
