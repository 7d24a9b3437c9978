import { beforeAll, describe, expect, it } from "vitest";
import type { Vm } from "../../conformance/runner/vm.ts";
import { booted, compileTesting, linked, module, ops, run, unit } from "./testing/harness.ts";

let native: Vm;
let enlightened: Vm;
beforeAll(async () => {
  await compileTesting();
  native = await booted("native");
  enlightened = await booted("enlightened");
});

describe("boot", () => {
  it("brings up four vCPUs with sparse APIC ids, natively and with a host half", () => {
    for (const vm of [native, enlightened])
      for (const vcpu of [0, 1, 2, 3]) {
        expect(run(vm, unit(0, 1, { vcpu_of_role: [vcpu] }))).toMatchObject({ end: "ok", reached: [0], failure: null });
      }
  });

  it("ends in the same state whatever the slices", async () => {
    const digests = [];
    for (const slice of [1_000_000, 977, 13, 1]) {
      const vm = await linked("enlightened");
      while (vm.boot(slice) === "more");
      digests.push(vm.snapshotDigest());
    }
    expect(new Set(digests).size).toBe(1);
  });

  it("refuses a module that is no WebAssembly, and an unknown import", async () => {
    const vm = await linked("native");
    expect(vm.load("guest", new Uint8Array([1, 2, 3]))).toMatchObject({ code: "E_MALFORMED", role: "guest" });
    expect(vm.load("guest", module("host"))).toBeNull();
    expect(vm.describe("guest").imports).toContainEqual({
      module: "host",
      name: "wake",
      kind: "func",
      type: "(i32)->(i32)",
    });
  });
});

describe("one vCPU", () => {
  it("takes an IPI", () => {
    for (const vm of [native, enlightened]) expect(run(vm, unit(1, 2))).toMatchObject({ end: "ok", reached: [1] });
  });

  it("restarts an access after its page fault", () => {
    for (const vm of [native, enlightened]) expect(run(vm, unit(2, 1))).toMatchObject({ end: "ok", reached: [2] });
  });

  it("is single-stepped by #DB behind every instruction while TF is set", () => {
    for (const vm of [native, enlightened]) expect(run(vm, unit(45, 1))).toMatchObject({ end: "ok", failure: null });
  });

  it("has the APIC ids 0, 5 and 130, between which IPIs find their way", () => {
    for (const vm of [native, enlightened])
      for (const [from, to] of [
        [0, 1],
        [1, 2],
        [2, 0],
      ] as const)
        expect(run(vm, unit(46, 2, { vcpu_of_role: [from, to] }))).toMatchObject({ end: "ok", reached: [46] });
  });

  it("makes hypercalls; natively they are #UD", () => {
    const outcome = run(enlightened, unit(3, 1));
    expect(outcome).toMatchObject({ end: "ok", reached: [3] });

    expect(run(native, unit(3, 1)).failure).toMatchObject({
      kind: "died",
      reason: expect.stringContaining("triple fault"),
    });
  });

  it("wakes from HLT by a planned interrupt and by its own timer", () => {
    expect(run(native, unit(22, 1))).toMatchObject({ end: "ok", reached: [22] });
    expect(run(native, unit(25, 1)).reached).toEqual([25]);
  });

  it("powers off where the case allows it", () => {
    for (const vm of [native, enlightened]) expect(run(vm, unit(19, 1))).toMatchObject({ end: "ok" });
  });

  it("reports numbers and the last note of a failed expectation", () => {
    const { end, failed, failure } = run(native, unit(23, 1));
    expect({ end, failed }).toEqual({ end: "fail", failed: [23] });
    expect(failure).toMatchObject({
      kind: "expect",
      clause: 23,
      expected: "78",
      seen: "77",
      note: "hi",
      role: 0,
      vcpu: 0,
      half: "kernel",
    });
    expect(failure?.trace.at(-1)).toMatchObject({ v: 0, layer: "kernel", what: "expect_eq" });
  });

  it("ends a case whose op nobody offers", () => {
    expect(run(native, unit(18, 1))).toMatchObject({ end: "ok", not_offered: [ops.indexOf("t_missing")] });
  });
});

describe("faults of halves are verdicts", () => {
  const failureOf = (vm: Vm, index: number, roles = 1, seed = 7n) => run(vm, unit(index, roles, { seed })).failure;

  it("trap, endless loop and endless recursion in an op name op, half and function", () => {
    const place = { half: "guest", role: 0 };
    expect(failureOf(native, 9)).toMatchObject({
      ...place,
      kind: "trap",
      op: 1,
      reason: "trap: unreachable was executed",
    });
    expect(failureOf(native, 9)?.function).toContain("t_trap");
    expect(failureOf(native, 10)).toMatchObject({ ...place, kind: "fuel", op: 2 });
    expect(failureOf(native, 10)?.function).toContain("t_loop");
    expect(failureOf(native, 11)).toMatchObject({ ...place, kind: "trap", op: 3 });
    expect(failureOf(native, 11)?.reason).toContain("call stack");
    expect(failureOf(native, 11)?.offset).toBeGreaterThan(0);
  });

  it("memory grown to the limit fails as WebAssembly says, and the next case is not concerned", () => {
    expect(run(native, unit(12, 1))).toMatchObject({ end: "ok", reached: [12] });
    expect(run(native, unit(0, 1))).toMatchObject({ end: "ok" });
  });

  it("a handler without iret, and an instruction after it", () => {
    expect(failureOf(native, 13)).toMatchObject({
      kind: "control-flow",
      reason: expect.stringContaining("without iret"),
    });
    expect(failureOf(native, 14)?.reason).toContain("after iret");
  });

  it("a deadlock and a livelock fail the stuck clause", () => {
    expect(failureOf(native, 8)).toMatchObject({ kind: "stuck", clause: 99 });
    expect(failureOf(native, 8)?.reason).toContain("deadlock");
    expect(failureOf(native, 21, 2)?.reason).toContain("livelock");
  });
});

describe("faults of the host half", () => {
  const failureOf = (nr: bigint) => run(enlightened, unit(17, 1, { seed: nr })).failure;
  const byHost = { half: "host" };

  it("bad action, bad RIP, access to foreign memory, trap, endless loop, no progress", () => {
    expect(failureOf(3n)).toMatchObject({ ...byHost, kind: "bad-entry" });
    expect(failureOf(3n)?.reason).toContain("action 9");
    expect(failureOf(4n)).toMatchObject({ ...byHost, kind: "bad-entry" });
    expect(failureOf(4n)?.reason).toContain("0x1234");
    expect(failureOf(5n)).toMatchObject({ ...byHost, kind: "isolation" });
    expect(failureOf(6n)).toMatchObject({ ...byHost, kind: "trap" });
    expect(failureOf(7n)).toMatchObject({ ...byHost, kind: "fuel" });
    expect(failureOf(11n)).toMatchObject({ kind: "fuel" });
  });

  it("after shutdown nothing of it runs, so that nothing is written late", () => {
    expect(run(enlightened, unit(17, 2, { seed: 28n }))).toMatchObject({ end: "ok", failure: null });
  });

  it("BLOCK sleeps until wake, by another vCPU or by a timer", () => {
    expect(run(enlightened, unit(17, 2, { seed: 2n }))).toMatchObject({ end: "ok" });
    expect(run(enlightened, unit(17, 1, { seed: 2n })).failure).toMatchObject({ kind: "stuck" });
    expect(run(enlightened, unit(17, 1, { seed: 10n }))).toMatchObject({ end: "ok" });
  });

  it("stop waits until the target is out of guest mode; a kick makes it exit", () => {
    expect(run(enlightened, unit(17, 1, { seed: 8n }))).toMatchObject({ end: "ok" });
    expect(run(enlightened, unit(17, 2, { seed: 9n }))).toMatchObject({ end: "ok" });
  });
});
