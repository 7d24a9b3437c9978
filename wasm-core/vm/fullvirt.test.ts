import { beforeAll, describe, expect, it } from "vitest";
import type { Vm } from "../../conformance/runner/vm.ts";
import { booted, compileTesting, run, search, unit } from "./testing/harness.ts";

let vm: Vm;
beforeAll(async () => {
  await compileTesting();
  vm = await booted("fullvirt");
});

describe("trap and emulate", () => {
  it("boots four vCPUs: INIT, SIPI, shadow tables and every privileged instruction are the host half's", () => {
    for (const vcpu of [0, 1, 2, 3])
      expect(run(vm, unit(0, 1, { vcpu_of_role: [vcpu] }))).toMatchObject({ end: "ok", reached: [0], failure: null });
  });

  it("an injected interrupt returns by the iret that the host half emulates", () => {
    expect(run(vm, unit(1, 2))).toMatchObject({ end: "ok", reached: [1], failure: null });
  });

  it("an event injected together with a return comes at the boundary returned to, not on top of the handler", () => {
    expect(run(vm, unit(47, 1))).toMatchObject({ end: "ok", reached: [47], failure: null });
  });

  it("a page fault of the guest's own tables reaches its handler, and the access runs again", () => {
    expect(run(vm, unit(2, 1))).toMatchObject({ end: "ok", reached: [2], failure: null });
  });

  it("sti; hlt keeps its window closed: no schedule sleeps through the wake-up", () => {
    expect(run(vm, unit(5, 2, search))).toMatchObject({ end: "ok", exhausted: 1, failure: null });
    expect(run(vm, unit(4, 2, search)).failure).toMatchObject({ kind: "stuck" });
  });

  it("a handler that forgets iret, or goes on after it, is the guest's error", () => {
    expect(run(vm, unit(13, 1)).failure).toMatchObject({ kind: "control-flow", half: "kernel" });
    expect(run(vm, unit(14, 1)).failure?.reason).toContain("after iret");
  });
});

describe("the audit of what a guest can reach", () => {
  const failureOf = (nr: bigint) => run(vm, unit(17, 1, { seed: nr })).failure;

  it.each([
    ["a frame of the host half for writing", 20n, "let the guest write"],
    ["a frame of somebody else, even for reading", 21n, "somebody else's"],
    ["a page table of a live root for writing", 22n, "let the guest write"],
  ])("finds %s", (_, nr, words) => {
    expect(failureOf(nr)).toMatchObject({ kind: "audit", half: "host", reason: expect.stringContaining(words) });
  });

  it("lets a host half show its own frame read-only", () => {
    expect(run(vm, unit(17, 1, { seed: 23n }))).toMatchObject({ end: "ok", failure: null });
  });
});
