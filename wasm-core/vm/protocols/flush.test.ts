import { beforeAll, describe, expect, it } from "vitest";
import type { Vm } from "../../../conformance/runner/vm.ts";
import { booted, unit } from "../testing/harness.ts";
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

  it("requested in the steal area: a load and a store lose one", () => {
    expect(outcomes(vm, unit(51, 2, { ...steal, seed: 0n }))).toContain("11");
  });
});
