import { beforeAll, describe, expect, it } from "vitest";
import type { Vm } from "../../../conformance/runner/vm.ts";
import { booted, compileTesting, run, search, unit } from "../testing/harness.ts";
import { outcomes, verdictOf } from "../testing/outcomes.ts";

let bare: Vm;
let vm: Vm;
beforeAll(async () => {
  await compileTesting();
  bare = await booted("native", 2);
  vm = await booted("start", 2);
});

describe("an AP on the bare machine, by INIT and SIPI", () => {
  it("starts at what the trampoline names, interrupts off, with an empty TLB", () => {
    expect(outcomes(bare, unit(90, 1, { ...search, seed: 1n }))).toEqual(["1"]);
  });

  it("may start at what it named before, where no fence comes before the ICR", () => {
    expect(outcomes(bare, unit(90, 1, { ...search, seed: 0n }))).toContain("0");
  });
});

describe("an AP of an enlightened host", () => {
  it("is started by the ICR's exits; SIPI alone starts nobody", () =>
    expect(verdictOf(vm, unit(91, 1))).toEqual({ end: "ok", reached: [91], why: null }));

  it("is started by a context of 224 bytes, read through the second level", () =>
    expect(verdictOf(vm, unit(92, 1, { seed: 0n }))).toEqual({ end: "ok", reached: [92], why: null }));

  it("is not by a host half that leaves the second level out", () => {
    expect(run(vm, unit(92, 1, { seed: 1n })).failure).toMatchObject({ clause: 92, expected: "14", seen: "13" });
  });

  it("stays off when its context does not pass the entry checks", () => {
    const { end, failure } = run(vm, unit(93, 1));
    expect({ end, failure }).toEqual({ end: "ok", failure: null });
  });
});
