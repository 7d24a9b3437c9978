// Wherever control is transferred to, the code there is fetched through the tables that the machine walks: the guest's, or the real root.
import { beforeAll, describe, expect, it } from "vitest";
import type { Vm } from "../../conformance/runner/vm.ts";
import { booted, compileTesting, type KindName, run, unit } from "./testing/harness.ts";

beforeAll(async () => {
  await compileTesting();
});

describe.each(["native", "enlightened", "fullvirt"] as KindName[])("code that cannot be fetched, %s", (kind) => {
  let vm: Vm;
  beforeAll(async () => {
    vm = await booted(kind, 2);
  });

  it.each([
    ["delivery to a page that is not executable", 0n],
    ["delivery to a page that is not present", 1n],
    ["call_code into a page that is not executable", 2n],
    ["call_code into a page that is not present", 3n],
    ["start of an AP in a page that is not executable", 4n],
    ["start of an AP in a page that is not present", 5n],
  ])("%s: the fault has its error code, address and RIP, and then it is entered", (_, seed) => {
    expect(run(vm, unit(142, 1, { seed }))).toMatchObject({ end: "ok", reached: [142], failure: null });
  });
});

describe("code that the host half's root does not let be fetched, direct", () => {
  it.each([
    ["call_code", 0n],
    ["the host half's bounce", 1n],
  ])("%s leaves with the fetch's page fault", async (_, seed) => {
    const vm = await booted("direct", 2);
    expect(run(vm, unit(143, 1, { seed }))).toMatchObject({ end: "ok", reached: [143], failure: null });
  });
});
