import { beforeAll, describe, expect, it } from "vitest";
import type { Vm } from "../../../conformance/runner/vm.ts";
import { booted, compileTesting, unit } from "../testing/harness.ts";
import { outcomes, verdictOf } from "../testing/outcomes.ts";

let vm: Vm;
beforeAll(async () => {
  await compileTesting();
  vm = await booted("shadow", 2);
});

describe("an alarm by the ROM of a VMI-like host", () => {
  // Slots: when the host half sees each expiry, then when each handler reads its counters, in 0.1 ms of real time.
  it("counts available time: halts do, stolen time does not", () => {
    expect(outcomes(vm, unit(84, 1))).toEqual(["10 30 60 110 10 30 90 110"]);
  });

  it("on real time expires while the vCPU is off its CPU, and what has come due meanwhile is one interrupt", () => {
    expect(outcomes(vm, unit(85, 1))).toEqual(["10 20 30 40 50 10 45 50"]);
  });
});

describe("an AP of a VMI-like host", () => {
  it("is started by the state told between INIT and SIPI, and stays off without", () => {
    expect(verdictOf(vm, unit(86, 1))).toEqual({ end: "ok", reached: [86], why: null });
  });
});
