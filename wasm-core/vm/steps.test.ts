// What others can come between although no call names it, each found by the reduced search as by the unreduced one.
import { beforeAll, describe, expect, it } from "vitest";
import type { Vm } from "../../conformance/runner/vm.ts";
import { unitFlags } from "../../conformance/runner/vm-structs.ts";
import { booted, compileTesting, type KindName, run, search, unit } from "./testing/harness.ts";

beforeAll(async () => {
  await compileTesting();
});

const all = ["0 0", "0 1", "1 0", "1 1"];

/** Outcomes of a case with and without reduction, which are the same. */
function outcomesOf(vm: Vm, index: number, seed: bigint, map = (slot: string) => slot) {
  const seen = (flags: number) => {
    const found = run(vm, unit(index, 2, { ...search, schedules_max: 60_000, seed, flags }));
    expect(found).toMatchObject({ end: "ok", exhausted: 1, failure: null });
    return [...new Set(found.outcomes.map((slots) => slots.slice(0, 2).map(map).join(" ")))].sort();
  };
  const reduced = seen(0);
  expect(reduced).toEqual(seen(unitFlags.unreduced));
  return reduced;
}

describe.each(["native", "enlightened"] as KindName[])("a delivery, %s", (kind) => {
  let vm: Vm;
  beforeAll(async () => {
    vm = await booted(kind, 2);
  });

  it("lets others come between the locked steps in which its walks set A", () => {
    expect(outcomesOf(vm, 144, 0n)).toEqual(all);
  });

  it("writes a frame that conflicts with reads by others", () => {
    // The pushed CS, or nothing yet.
    expect(outcomesOf(vm, 144, 1n, (slot) => (slot === "8" ? "1" : slot))).toEqual(all);
  });

  it("writes A and D, which conflict with reads by others", () => {
    expect(outcomesOf(vm, 144, 2n)).toEqual(all);
  });
});

describe("an access of the host half across 8 aligned bytes", () => {
  let vm: Vm;
  beforeAll(async () => {
    vm = await booted("enlightened", 2);
  });

  it.each([
    ["a store has a step for each part", 0n, all],
    ["an unlocked read-modify-write too", 1n, all],
    ["a locked one has a single step", 2n, ["0 0", "0 1", "1 1"]],
    ["a load has a step for each part", 3n, all],
  ])("%s", (_, seed, outcomes) => {
    expect(outcomesOf(vm, 145, seed)).toEqual(outcomes);
  });
});

describe("an unlocked instruction", () => {
  it("is not stopped between its load and its store", async () => {
    const vm = await booted("enlightened", 2);
    const seen = (flags: number) => run(vm, unit(147, 2, { ...search, flags }));
    for (const flags of [0, unitFlags.unreduced]) {
      expect(seen(flags)).toMatchObject({ end: "ok", exhausted: 1, outcomes: [["2"]] });
    }
  });
});

describe("an area that was taken back", () => {
  it("is written late by the host half: the audit says so, although the value is the one it held", async () => {
    const vm = await booted("enlightened", 2);
    expect(run(vm, unit(146, 1, { seed: 1n }))).toMatchObject({
      end: "fail",
      failed: [146],
      failure: {
        kind: "audit",
        clause: 146,
        half: "host",
        reason: expect.stringContaining("that the guest had revoked"),
      },
    });
  });

  it("may be read, and written when it was given again", async () => {
    const vm = await booted("enlightened", 2);
    for (const seed of [0n, 2n]) expect(run(vm, unit(146, 1, { seed }))).toMatchObject({ end: "ok", failure: null });
  });
});
