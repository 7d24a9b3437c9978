import { beforeAll, describe, expect, it } from "vitest";
import type { Vm } from "../../conformance/runner/vm.ts";
import { unitFlags } from "../../conformance/runner/vm-structs.ts";
import { booted, compileTesting, module, replay, run, search, unit } from "./testing/harness.ts";

const ROLES = 4;
let vm: Vm;
beforeAll(async () => {
  await compileTesting();
  vm = await booted("native", ROLES, { guest: module("fine-guest") });
});

/** One interrupt that may reach the role's vCPU at any time, while the guest half works on what is private to that vCPU. */
const arriving = (role: number, flags: number) =>
  unit(37, ROLES, { ...search, bound: 0, flags, arrivals: [{ kind: 0, vector: 0x44, vcpu: role, max: 1 }] });

describe("an interrupt between two private instructions of the guest half", () => {
  it.each([
    [0, "a load and the store"],
    [1, "a read and a write of a global"],
    [2, "a store, calls, and a store"],
  ])("role %i: comes between %s in fine cases, and never in coarse ones", (role) => {
    const found = run(vm, arriving(role, unitFlags.fine));
    expect(found).toMatchObject({ end: "fail", failed: [37] });
    const schedule = found.failure?.schedule ?? "";
    expect(schedule).toMatch(/^1-\d+:A\d+$/);
    const again = { ...arriving(role, unitFlags.fine), ...replay(schedule, unitFlags.fine) };
    expect(run(vm, again).failure).toEqual(found.failure);
    expect(run(vm, arriving(role, 0))).toMatchObject({ end: "ok", exhausted: 1, failure: null });
  });
});
