import { beforeAll, describe, expect, it } from "vitest";
import type { Vm } from "../../conformance/runner/vm.ts";
import { unitFlags } from "../../conformance/runner/vm-structs.ts";
import { booted, compileTesting, replay, run, search, unit } from "./testing/harness.ts";

let native: Vm;
let enlightened: Vm;
beforeAll(async () => {
  await compileTesting();
  native = await booted("native", 2);
  enlightened = await booted("enlightened", 2);
});

function outcomes(vm: Vm, index: number, roles: number, settings = {}): string[] {
  const { outcomes, exhausted, end, failure } = run(vm, unit(index, roles, { ...search, ...settings }));
  expect({ end, exhausted, reason: failure?.reason }).toEqual({ end: "ok", exhausted: 1, reason: undefined });
  return outcomes.map((vector) => vector.join(" ")).sort();
}

describe("a delivery on its way", () => {
  it("I: an interrupt lands between accesses that conflict with nobody", () => {
    for (const vm of [native, enlightened]) expect(outcomes(vm, 30, 2)).toEqual(["0 0", "0 1", "1 1"]);
  });

  it("K: a kicked vCPU leaves guest mode at once or some steps later", () => {
    expect(outcomes(enlightened, 31, 2)).toEqual(["0 0", "0 1", "1 1"]);
  });

  it("is one choice in the string, and a second one where it lands", () => {
    const strings = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((at) => `1-${at}:I0`);
    const ends = strings.map((schedule) => run(native, unit(30, 2, replay(schedule))).end);
    expect(ends.filter((end) => end === "ok")).toHaveLength(1);
    expect(ends.filter((end) => end === "refused")).toHaveLength(8);
    const held = strings[ends.indexOf("ok")] ?? "";
    expect(run(native, unit(30, 2, replay(held))).outcomes).toEqual([["0", "0"]]);
    const index = Number(/1-(\d+)/.exec(held)?.[1]);
    const landed = run(native, unit(30, 2, replay(`${held},${index + 2}:I0`)));
    expect(landed.outcomes).toEqual([["0", "1"]]);
  });
});

describe("steal", () => {
  it("R: a vCPU stays away longer than others pause, only where the case declares steal", () => {
    expect(outcomes(enlightened, 32, 2)).toEqual(["0"]);
    expect(outcomes(enlightened, 32, 2, { flags: unitFlags.steal })).toEqual(["0", "1"]);
  });

  it("P at resched: host work is preempted between sched(v, 2) and sched(v, 1), the lock held", () => {
    expect(outcomes(enlightened, 33, 2)).toEqual(["0", "1"]);
    expect(outcomes(enlightened, 33, 2, { flags: unitFlags.steal })).toEqual(["0", "1", "2", "3", "4", "5"]);
  });
});

describe("declared choices", () => {
  it("E: a stale TLB entry is kept, or evicted where the case declares it", () => {
    expect(outcomes(native, 34, 1)).toEqual(["1"]);
    expect(outcomes(native, 34, 1, { flags: unitFlags.evict })).toEqual(["1", "2"]);
  });

  it("H: RDTSC executes before loads that precede it, where the case declares it and no fence orders it", () => {
    const early = { flags: unitFlags.early };
    expect(outcomes(native, 76, 2, { seed: 0n })).toEqual(["0"]);
    expect(outcomes(native, 76, 2, { ...early, seed: 0n })).toEqual(["0", "1"]);
    expect(outcomes(native, 76, 2, { ...early, seed: 1n })).toEqual(["0"]);
    const ofEverything = { flags: unitFlags.early | unitFlags.unreduced, bound: 3, schedules_max: 40_000, seed: 0n };
    expect(outcomes(native, 76, 2, ofEverything)).toEqual(["0", "1"]);
  });

  it("H does not fit a RDTSC without so many loads before it, nor another instruction", () => {
    const flags = unitFlags.early;
    const ends = ["1-1:H1", "1-0:H1"].map((schedule) => run(native, unit(76, 2, replay(schedule, flags))).end);
    expect(ends).toEqual(["refused", "refused"]);
  });

  it("T: time goes on to the next deadline at any step", () => {
    expect(outcomes(native, 35, 1)).toEqual(["0 0"]);
    expect(outcomes(native, 35, 1, { flags: unitFlags.timeFree })).toEqual(["0 0", "0 1", "1 1"]);
  });

  it("every choice made is replayed by its string", () => {
    const stuck = { ...search, strategy: 2, bound: 3, schedules_max: 3000, flags: unitFlags.steal };
    const found = run(enlightened, unit(4, 2, stuck));
    expect(found.end).toBe("stuck");
    expect(run(enlightened, unit(4, 2, replay(found.failure?.schedule ?? "", unitFlags.steal))).failure).toEqual(
      found.failure,
    );
  });
});
