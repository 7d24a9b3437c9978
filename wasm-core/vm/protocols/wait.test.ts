import { beforeAll, describe, expect, it } from "vitest";
import type { Vm } from "../../../conformance/runner/vm.ts";
import { booted, run, search, unit } from "../testing/harness.ts";

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
