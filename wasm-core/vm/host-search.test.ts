import { beforeAll, describe, expect, it } from "vitest";
import type { Vm } from "../../conformance/runner/vm.ts";
import { unitFlags } from "../../conformance/runner/vm-structs.ts";
import { booted, compileTesting, run, search, unit } from "./testing/harness.ts";

let vm: Vm;
beforeAll(async () => {
  await compileTesting();
  vm = await booted("enlightened", 2);
});

describe("a descheduled vCPU", () => {
  it("is not scheduled again before the host half knows, however busy its lock is", () => {
    const found = run(vm, unit(29, 2, { ...search, bound: 3, flags: unitFlags.steal }));
    expect(found).toMatchObject({ end: "ok", exhausted: 1, failure: null });
    expect(found.tried).toBeGreaterThan(50);
  });
});
