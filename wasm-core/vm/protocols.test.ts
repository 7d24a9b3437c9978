import { beforeAll, describe, expect, it } from "vitest";
import type { Vm } from "../../conformance/runner/vm.ts";
import { unitFlags, type VmUnit } from "../../conformance/runner/vm-structs.ts";
import { booted, compileTesting, run, search, unit } from "./testing/harness.ts";

let vm: Vm;
let three: Vm;
let fullvirt: Vm;
beforeAll(async () => {
  await compileTesting();
  vm = await booted("protocol", 2);
  fullvirt = await booted("fullvirt", 1);
  three = await booted("protocol", 3);
});

const steal = { ...search, flags: unitFlags.steal };

/** Outcome vectors of all schedules within the bound. */
function outcomes(what: VmUnit, on = vm): string[] {
  const { outcomes, end, exhausted, failure } = run(on, what);
  expect({ end, exhausted, reason: failure?.reason }).toEqual({ end: "ok", exhausted: 1, reason: undefined });
  return outcomes.map((vector) => vector.join(" ")).sort();
}

describe("a flush of the TLB of a vCPU that may be preempted", () => {
  // 10: the flush is over; 1: read through the old entry, 2: through the new one.
  it.each([
    ["stopping who runs", 1n],
    ["left to host.enter where the vCPU is descheduled", 2n],
  ])("%s: no old translation behind it", (_, seed) => {
    expect(outcomes(unit(50, 2, { ...steal, seed }))).toEqual(["1", "12", "2"]);
  });

  it("a host half that ignores EBUSY leaves one", () => {
    expect(outcomes(unit(50, 2, { ...steal, seed: 0n }))).toContain("11");
  });

  it("requested in the steal area: taken by one exchange at entry, none is lost", () => {
    expect(outcomes(unit(51, 2, { ...steal, seed: 1n }))).toEqual(["1", "12", "2"]);
  });

  it("requested in the steal area: a load and a store lose one", () => {
    expect(outcomes(unit(51, 2, { ...steal, seed: 0n }))).toContain("11");
  });
});

describe("wait and kick with interrupts off", () => {
  it("no kick is lost", () => {
    expect(run(vm, unit(52, 2, { ...search, seed: 0n }))).toMatchObject({ end: "ok", exhausted: 1, reached: [52] });
  });

  it.each([
    ["the announcement is in the store buffer when the kicker looks", 1n],
    ["the kick comes before the halt and is not kept", 2n],
  ])("one is where %s", (_, seed) => {
    expect(run(vm, unit(52, 2, { ...search, seed })).failure).toMatchObject({ kind: "stuck", clause: 99 });
  });
});

describe("blocking until an event", () => {
  it.each([
    ["the sender always wakes", 1n],
    ["the sender always wakes and the host half does not fence", 0n],
    ["the sender looks at the mask and the host half fences", 3n],
  ])("never sleeps through it: %s", (_, seed) => {
    expect(run(vm, unit(53, 2, { ...search, seed }))).toMatchObject({ end: "ok", exhausted: 1, reached: [53] });
  });

  it("sleeps through it where the sender looks at a mask that is in the store buffer of the host's CPU", () => {
    expect(run(vm, unit(53, 2, { ...search, seed: 2n })).failure).toMatchObject({ kind: "stuck" });
  });
});

describe("a periodic alarm over stolen time", () => {
  it.each([
    ["available time stands still", 1n, "10 30 40"],
    ["real time goes on, and what came due meanwhile is delivered at the return", 0n, "10 25 30"],
  ])("%s", (_, seed, times) => {
    expect(outcomes(unit(54, 1, { seed }))).toEqual([times]);
  });
});

describe("starting a vCPU by its state", () => {
  it("of two callers one is let, and it starts once, with interrupts off", () => {
    expect(outcomes(unit(55, 2, search), three)).toEqual(["0 17", "17 0"]);
  });

  it("without state it stays off, by hypercall and by SIPI", () => {
    expect(run(three, unit(56, 1))).toMatchObject({ end: "ok", reached: [56], failure: null });
  });
});

describe("a page table shown read-only", () => {
  it("stores to it are emulated from the exit's description and take effect", () => {
    expect(run(fullvirt, unit(57, 1))).toMatchObject({ end: "ok", reached: [57], failure: null });
  });
});

describe("the store that an exit makes visible", () => {
  it("is a scheduling point: another vCPU may come between the last instruction and an interrupt-window exit", () => {
    // "10 0": behind role 0's load, before its store.
    expect(outcomes(unit(58, 2, search))).toEqual(["10 0", "10 1", "11 0", "11 1"]);
  });
});

describe("a batch of page-table updates as a multicall of a kernel at CPL 3", () => {
  it.each([
    ["machine frames", false],
    ["a second level below", true],
  ])("%s: single entries, a continuation, a refusal, and no drain by SYSCALL", async (_, slat) => {
    const direct = await booted("direct", 1, { slat });
    expect(run(direct, unit(59, 1))).toMatchObject({ end: "ok", reached: [59], failure: null });
  });
});
