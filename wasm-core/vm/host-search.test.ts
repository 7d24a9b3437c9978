import { beforeAll, describe, expect, it } from "vitest";
import type { Vm } from "../../conformance/runner/vm.ts";
import { unitFlags } from "../../conformance/runner/vm-structs.ts";
import { booted, compileTesting, run, search, unit } from "./testing/harness.ts";

let vm: Vm;
beforeAll(async () => {
  await compileTesting();
  vm = await booted("enlightened", 2);
});

describe("what the host half's stores wait for is a point", () => {
  it.each([
    ["guest entry", 12n],
    ["host.mfence", 13n],
  ])("%s: another vCPU may come before them", (_, seed) => {
    const { outcomes, end, exhausted } = run(vm, unit(28, 2, { ...search, seed }));
    expect({ end, exhausted }).toEqual({ end: "ok", exhausted: 1 });
    // Taken and left: the addition before, behind, and between the load and the store, where it is lost.
    expect(outcomes.map((vector) => vector.join(" ")).sort()).toEqual(["0 0", "0 1", "1 0"]);
  });
});

describe("a descheduled vCPU", () => {
  it("is not scheduled again before the host half knows, however busy its lock is", () => {
    const found = run(vm, unit(29, 2, { ...search, bound: 3, flags: unitFlags.steal }));
    expect(found).toMatchObject({ end: "ok", exhausted: 1, failure: null });
    expect(found.tried).toBeGreaterThan(50);
  });
});

describe("the host half's lock", () => {
  it("orders the stores of its holders: whoever takes it sees what was stored under it, also by one who then sleeps", () => {
    const { outcomes, end } = run(vm, unit(44, 2, search));
    expect(end).toBe("ok");
    expect(outcomes.map((vector) => vector.join(" "))).toEqual(["3"]);
  });
});
