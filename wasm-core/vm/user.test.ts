import { beforeAll, describe, expect, it } from "vitest";
import type { Vm } from "../../conformance/runner/vm.ts";
import { booted, compileTesting, type KindName, run, unit } from "./testing/harness.ts";

beforeAll(async () => {
  await compileTesting();
});

describe.each(["native", "enlightened", "fullvirt"] as KindName[])("user mode, %s", (kind) => {
  let vm: Vm;
  beforeAll(async () => {
    vm = await booted(kind, 2);
  });

  it("iret to user text calls it; its system calls return to it, its end to the kernel behind the iret", () => {
    expect(run(vm, unit(41, 1))).toMatchObject({ end: "ok", reached: [41], failure: null });
  });

  it("a page fault of user mode is handled at CPL 0, and the access runs again", () => {
    expect(run(vm, unit(42, 1))).toMatchObject({ end: "ok", reached: [41], failure: null });
  });

  it("a gate of DPL 0 is not for user mode", () => {
    expect(run(vm, unit(43, 1)).failure).toMatchObject({ kind: expect.stringMatching(/died|fuel/) });
  });
});
