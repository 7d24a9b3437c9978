import { beforeAll, describe, expect, it } from "vitest";
import type { Vm } from "../../../conformance/runner/vm.ts";
import { booted, run, search, unit } from "../testing/harness.ts";
import { outcomes } from "../testing/outcomes.ts";

let vm: Vm;
let three: Vm;
let fullvirt: Vm;
beforeAll(async () => {
  vm = await booted("protocol", 2);
  three = await booted("protocol", 3);
  fullvirt = await booted("fullvirt", 1);
});

describe("a periodic alarm over stolen time", () => {
  it.each([
    ["available time stands still", 1n, "10 30 40"],
    ["real time goes on, and what came due meanwhile is delivered at the return", 0n, "10 25 30"],
  ])("%s", (_, seed, times) => {
    expect(outcomes(vm, unit(54, 1, { seed }))).toEqual([times]);
  });
});

describe("starting a vCPU by its state", () => {
  it("of two callers one is let, and it starts once, with interrupts off", () => {
    expect(outcomes(three, unit(55, 2, search))).toEqual(["0 17", "17 0"]);
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
    expect(outcomes(vm, unit(58, 2, search))).toEqual(["10 0", "10 1", "11 0", "11 1"]);
  });
});
