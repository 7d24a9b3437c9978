import { beforeAll, describe, expect, it } from "vitest";
import type { Vm } from "../../../conformance/runner/vm.ts";
import { booted, compileTesting, unit } from "../testing/harness.ts";
import { verdictOf } from "../testing/outcomes.ts";

let vm: Vm;
beforeAll(async () => {
  await compileTesting();
  vm = await booted("fullvirt", 1);
});

const holds = (index: number, seed = 0n) =>
  expect(verdictOf(vm, unit(index, 1, { seed }))).toEqual({ end: "ok", reached: [index], why: null });

describe("an unmodified kernel on a host half that traps and emulates", () => {
  it("finds A and D in its own tables behind invlpg, a load of CR3, and an exchange of the entry", () => holds(80));

  it.each([
    ["sti, behind its shadow", 0n],
    ["popf", 1n],
    ["iret", 2n],
  ])("has the timer's interrupt wait behind its IF until %s sets it", (_, how) => holds(81, how));

  it("takes its own faults through its own IDT, with error code and CR2", () => holds(82));

  it("exchanges entries of a table that is shown read-only", () => holds(83));
});
