import { beforeAll, describe, expect, it } from "vitest";
import type { Vm } from "../../../conformance/runner/vm.ts";
import { booted, compileTesting, run, search, unit } from "../testing/harness.ts";
import { outcomes, steal, verdictOf } from "../testing/outcomes.ts";

let vm: Vm;
beforeAll(async () => {
  await compileTesting();
  vm = await booted("layered", 3, { slat: true });
});

const holds = (index: number) =>
  expect(verdictOf(vm, unit(index, 1, { seed: 0n }))).toEqual({ end: "ok", reached: [index], why: null });

describe("VCPUOP_initialise and VCPUOP_up in front of another hypervisor's start of processors", () => {
  it("validate, answer each misuse, and start the vCPU at the guest half's entry with upcalls masked", () => holds(95));

  it("use the context as it was read once, whoever rewrites it meanwhile", () => {
    expect(outcomes(vm, unit(94, 2, { ...search, seed: 0n }))).toEqual(["0 0", "22 0"]);
  });

  it("do not where RIP is fetched again behind the checks", () => {
    expect(outcomes(vm, unit(94, 2, { ...search, seed: 1n }))).toContain("0 1");
  });

  it.each([
    ["in one go, at the lock", 0n],
    ["in slices, at continuations", 3n],
  ])("let one of two callers, %s", (_, seed) => {
    expect(outcomes(vm, unit(96, 2, { ...search, seed }))).toEqual(["0 17", "17 0"]);
  });

  it("let both where the second look is missing", () => {
    expect(outcomes(vm, unit(96, 2, { ...search, seed: 2n }))).toContain("0 0");
  });
});

describe("calls of one hypervisor on the routines of another", () => {
  // 10: the flush is over; 1: read through the old entry, 2: through the new one.
  it("MMUEXT_TLB_FLUSH_MULTI flushes who is descheduled on its way back", () => {
    expect(outcomes(vm, unit(97, 2, { ...steal, seed: 0n }))).toEqual(["1", "12", "2"]);
  });

  it("MMUEXT_TLB_FLUSH_MULTI leaves an old entry where that is forgotten", () => {
    expect(outcomes(vm, unit(97, 2, { ...steal, seed: 1n }))).toContain("11");
  });

  it("SCHEDOP_block sleeps through no event", () => {
    expect(run(vm, unit(98, 2, { ...search, seed: 0n }))).toMatchObject({ end: "ok", exhausted: 1, reached: [98] });
  });

  it("set_timer_op is never early", () => holds(99));

  it("set_timer_op is where its time is rounded down", () => {
    expect(run(vm, unit(99, 1, { seed: 1n })).failure).toMatchObject({ kind: "expect", clause: 99 });
  });

  it("statuses are errors of the other", () => holds(101));
});

describe("addresses below a kernel at CPL 3", () => {
  it("are the partition's in tables and lists, and an overlay covers a page without touching it", () => holds(100));
});
