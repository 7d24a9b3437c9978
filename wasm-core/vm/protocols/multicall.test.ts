import { beforeAll, describe, expect, it } from "vitest";
import type { Vm } from "../../../conformance/runner/vm.ts";
import { booted, run, search, unit } from "../testing/harness.ts";
import { outcomes } from "../testing/outcomes.ts";

/** What the host half does wrong: the seed of a unit. */
const RIGHT = { seed: 0n };
const FETCHES_TWICE = { seed: 1n };
const STORES_BLINDLY = { seed: 2n };
const GIVES_UP = { seed: 3n };

const arrival = { arrivals: [{ kind: 0, vector: 0x40, vcpu: 0, max: 1 }] };

describe.each([
  ["machine frames", false],
  ["a second level below", true],
])("a batch of page-table updates as a multicall of a kernel at CPL 3, %s", (_, slat) => {
  let vm: Vm;
  let alone: Vm;
  beforeAll(async () => {
    vm = await booted("direct", 2, { slat });
    alone = await booted("direct", 1, { slat });
  });

  it("single entries, a continuation, a refusal, destroyed arguments, and no drain by SYSCALL", () => {
    expect(run(alone, unit(59, 1))).toMatchObject({ end: "ok", reached: [59], failure: null });
  });

  it("says how far it came, goes on behind what fails, and refuses iret", () => {
    expect(run(vm, unit(64, 1))).toMatchObject({ end: "ok", reached: [59, 64], failure: null });
  });

  it("others come between its slices, not into one", () => {
    expect(outcomes(vm, unit(66, 2, search))).toEqual(["11", "21", "22"]);
  });

  it("a request that is rewritten meanwhile is the old or the new one", () => {
    expect(outcomes(vm, unit(60, 2, { ...search, ...RIGHT }))).toEqual(["0 2", "22 1"]);
  });

  it("a host half that fetches it twice makes a page table writable", () => {
    expect(run(vm, unit(60, 2, { ...search, ...FETCHES_TWICE })).failure).toMatchObject({
      kind: "audit",
      half: "host",
    });
  });

  it("an entry keeps the D that a walk sets between load and cmpxchg", () => {
    expect(outcomes(vm, unit(61, 2, { ...search, ...RIGHT }))).toEqual(["0 1"]);
  });

  it.each([
    ["stores without comparing loses it", STORES_BLINDLY, "0 0"],
    ["gives up where the compare fails refuses the update", GIVES_UP, "22 1"],
  ])("a host half that %s", (_, wrong, bad) => {
    expect(outcomes(vm, unit(61, 2, { ...search, ...wrong }))).toEqual([bad, "0 1"].sort());
  });

  it("an update of an interrupt's handler does not queue behind the batch that it came into", () => {
    expect(outcomes(vm, unit(62, 1, { ...search, ...arrival, seed: 0n }))).toEqual(["0", "1"]);
    expect(run(vm, unit(62, 1, { ...search, ...arrival, seed: 1n })).failure).toMatchObject({
      clause: 62,
      expected: "1",
    });
  });

  it("another vCPU reads through the old entry until the batch flushes, and no longer", () => {
    const legal = ["1", "11", "112", "12", "2"];
    expect(outcomes(vm, unit(63, 2, { ...search, seed: 0n }))).toEqual(legal);
    expect(outcomes(vm, unit(63, 2, { ...search, seed: 1n }))).toContain("111");
  });
});

describe("an event upcall of a kernel at CPL 3", () => {
  let vm: Vm;
  beforeAll(async () => {
    vm = await booted("direct", 2);
  });

  it("waits for its mask, has the machine's frame, and the next one waits for its return", () => {
    expect(run(vm, unit(65, 1))).toMatchObject({ end: "ok", reached: [65], failure: null });
  });
});
