import { beforeAll, describe, expect, it } from "vitest";
import type { Vm } from "../../../conformance/runner/vm.ts";
import { booted, run, unit } from "../testing/harness.ts";
import { outcomes, steal } from "../testing/outcomes.ts";

let vm: Vm;
beforeAll(async () => {
  vm = await booted("protocol", 2);
});

describe("a flush of the TLB of a vCPU that may be preempted", () => {
  // 10: the flush is over; 1: read through the old entry, 2: through the new one.
  it.each([
    ["stopping who runs", 1n],
    ["left to host.enter where the vCPU is descheduled", 2n],
  ])("%s: no old translation behind it", (_, seed) => {
    expect(outcomes(vm, unit(50, 2, { ...steal, seed }))).toEqual(["1", "12", "2"]);
  });

  it("a host half that ignores EBUSY leaves one", () => {
    expect(outcomes(vm, unit(50, 2, { ...steal, seed: 0n }))).toContain("11");
  });

  it("requested in the steal area: taken by one exchange at entry, none is lost", () => {
    expect(outcomes(vm, unit(51, 2, { ...steal, seed: 1n }))).toEqual(["1", "12", "2"]);
  });

  // CVE-2022-39189: KVM reported vCPUs as preempted that were in the middle of an instruction's emulation.
  it("requested in the steal area: host work that goes on with its translation is not reported as preempted", () => {
    expect(outcomes(vm, unit(71, 2, { ...steal, seed: 1n }))).toEqual(["1", "12", "2"]);
  });

  it("requested in the steal area: where it is, the host half uses the old translation behind the flush", () => {
    expect(run(vm, unit(71, 2, { ...steal, seed: 3n })).outcomes.map(String)).toContain("11");
  });

  it("requested in the steal area: a load and a store lose one", () => {
    expect(outcomes(vm, unit(51, 2, { ...steal, seed: 0n }))).toContain("11");
  });
});

describe("HvFlushVirtualAddressSpace: the input block is found by a walk of the second level", () => {
  let bare: Vm;
  beforeAll(async () => {
    bare = await booted("tlfsBare", 2);
  });
  // Whoever is seen descheduled must come back, and lose its turn, before the answer of host.tlb matters.
  const three = { ...steal, bound: 3, schedules_max: 20_000 };
  const legal = ["1", "12", "2"];

  it.each([
    ["looks at the answer of host.tlb", 0n],
    ["ignores it", 1n],
  ])("who was seen descheduled waits in front of host.enter: a host half that %s is right", async (_, seed) => {
    expect(outcomes(await booted("tlfs", 2), unit(70, 2, { ...steal, seed }))).toEqual(legal);
  });

  it("without host.enter it may run meanwhile, and the host half that looks at the answer is right", () => {
    expect(outcomes(bare, unit(70, 2, { ...three, seed: 0n }))).toEqual(legal);
  });

  it("without host.enter EBUSY must not be ignored", () => {
    expect(outcomes(bare, unit(70, 2, { ...three, seed: 1n }))).toEqual(["1", "11", "12", "2"]);
  });
});
