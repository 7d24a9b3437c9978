import { beforeAll, describe, expect, it } from "vitest";
import type { Vm } from "../../../conformance/runner/vm.ts";
import { booted, type KindName, run, search, unit } from "../testing/harness.ts";
import { outcomes } from "../testing/outcomes.ts";

let vm: Vm;
beforeAll(async () => {
  vm = await booted("protocol", 2);
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

describe("an interrupt meanwhile", () => {
  const arrival = (vector: number) => ({ ...search, arrivals: [{ kind: 0, vector, vcpu: 1, max: 1 }] });

  it.each([
    ["blocked by the host half", 0n],
    ["halted in guest mode", 1n],
  ])("with IF = 0 neither ends the wait nor is lost, %s", (_, seed) => {
    expect(outcomes(vm, unit(72, 2, { ...arrival(0x40), seed }))).toEqual(["0", "1"]);
  });

  it("with IF = 1 its handler may wait for another lock and take the kick", () => {
    expect(outcomes(vm, unit(73, 2, { ...arrival(0x46), seed: 0n }))).toEqual(["0", "1"]);
  });

  it("the waiter that looks and halts with IF = 1 then sleeps for ever", () => {
    expect(run(vm, unit(73, 2, { ...arrival(0x46), seed: 1n })).failure).toMatchObject({ kind: "stuck", clause: 99 });
  });
});

describe.each(["protocol", "direct"] as KindName[])("blocking until an event, %s", (kind) => {
  let vm: Vm;
  beforeAll(async () => {
    vm = await booted(kind, 2);
  });

  it.each([
    ["the sender always wakes", 1n],
    ["the sender always wakes and the host half does not fence", 0n],
    ["the sender looks at the mask and the host half fences", 3n],
  ])("never sleeps through it: %s", (_, seed) => {
    // The event comes while the vCPU is in guest mode, in the host half, and blocked.
    expect(outcomes(vm, unit(53, 2, { ...search, seed }))).toEqual(["2", "3", "5"]);
  });

  it("sleeps through it where the sender looks at a mask that is in the store buffer of the host's CPU", () => {
    expect(run(vm, unit(53, 2, { ...search, seed: 2n })).failure).toMatchObject({ kind: "stuck" });
  });
});

describe("halting until an interrupt on the bare machine", () => {
  let bare: Vm;
  beforeAll(async () => {
    bare = await booted("native", 2);
  });

  it("no interrupt is slept through: before IF = 0, between, and while asleep", () => {
    expect(outcomes(bare, unit(74, 2, { ...search, seed: 0n }))).toEqual(["1 2", "2 2", "2 6"]);
  });

  it("one is where an instruction comes between sti and hlt", () => {
    expect(run(bare, unit(74, 2, { ...search, seed: 1n })).failure).toMatchObject({ kind: "stuck" });
  });
});

describe("VMI_Halt, a call of the ROM", () => {
  let shadow: Vm;
  beforeAll(async () => {
    shadow = await booted("shadow", 2);
  });

  it("the host half enables interrupts under its lock: none is slept through", () => {
    expect(outcomes(shadow, unit(77, 2, { ...search, seed: 0n }))).toEqual(["1 2", "2 2", "2 5"]);
  });

  it("one is where the ROM enables them before it calls", () => {
    expect(run(shadow, unit(77, 2, { ...search, seed: 1n })).failure).toMatchObject({ kind: "stuck" });
  });
});
