import { beforeAll, describe, expect, it } from "vitest";
import type { Vm } from "../../conformance/runner/vm.ts";
import { arrivalKinds, unitFlags } from "../../conformance/runner/vm-structs.ts";
import { booted, compileTesting, replay, run, search, unit } from "./testing/harness.ts";

let vm: Vm;
beforeAll(async () => {
  await compileTesting();
  vm = await booted("enlightened", 2);
});

/** 160 µs and the few ns of the instructions that measure them, at 2.5 GHz. */
const TICKS = 400_015;

describe("a planned migration", () => {
  it("takes every vCPU out, tells the host half, and changes rate and value of every TSC", () => {
    const { end, outcomes } = run(vm, unit(48, 1, { seed: 0n }));
    const [before, first, second, jump, ...rest] = (outcomes[0] ?? []).map(Number);
    expect({ end, before, jump }).toEqual({ end: "ok", before: TICKS, jump: 1 });
    for (const after of [first, second]) expect(Math.abs((after ?? 0) - (TICKS * 17) / 16)).toBeLessThan(2);
    // A millisecond passed, in which who slept lost less than 1 µs (the host half's work); times add up; 17/16 of 1 << 32 seen; each left once and came back once.
    expect(rest).toEqual([1, 0, 1, 0x11_11_11]);
  });

  it("happens to no bare machine", async () => {
    const native = await booted("native", 2);
    const [before, first, second, jump] = (run(native, unit(48, 1, { seed: 1n })).outcomes[0] ?? []).map(Number);
    expect([before, first, second, jump]).toEqual([TICKS, TICKS, TICKS, 0]);
  });
});

describe("a migration that the case lets arrive", () => {
  const arrivals = [{ kind: arrivalKinds.migration, vector: 0, vcpu: 0, max: 1 }];

  it("comes between any two instructions of its vCPU, for all vCPUs at once", () => {
    const found = run(vm, unit(49, 2, { ...search, arrivals }));
    expect(found).toMatchObject({ end: "ok", exhausted: 1, failure: null });
    const of = (role: number) => [...new Set(found.outcomes.map((vector) => vector[role]))].sort();
    expect(of(0)).toEqual(["0", "1", "2"]);
    expect(of(1)).toEqual(["0", "1", "2"]);
  });

  it("is the letter A of the schedule, and replays", () => {
    const settings = { ...replay("1-3:A0", unitFlags.traceAlways), arrivals };
    expect(run(vm, unit(49, 2, settings)).outcomes).not.toEqual(run(vm, unit(49, 2)).outcomes);
    expect(run(vm, unit(49, 2, { ...settings, arrivals: [] })).end).toBe("refused");
  });
});
