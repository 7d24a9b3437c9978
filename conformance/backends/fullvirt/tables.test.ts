// The host half against a kernel with hostile page tables: it faults or goes on as a bare machine does, and the VM's audit, which
// follows every schedule, finds no way for the guest to write a table of a live root or a frame of the host half.
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { ensureBuilt } from "../../../scripts/build.mjs";
import { root } from "../../../scripts/lib/asc.mjs";
import { booted, compileTesting, unit } from "../../../wasm-core/vm/testing/harness.ts";
import { verdictOf } from "../../../wasm-core/vm/testing/outcomes.ts";
import type { Vm } from "../../runner/vm.ts";

const machines: [string, Vm][] = [];
beforeAll(async () => {
  await ensureBuilt(() => {});
  await compileTesting();
  const host = new Uint8Array(readFileSync(`${root}/conformance/backends/fullvirt/build/host.wasm`));
  machines.push(["fullvirt", await booted("fullvirt", 1, { host })], ["native", await booted("native", 1)]);
});

/** On the bare machine too: what is expected is what the architecture does. */
function expectAlike(index: number): void {
  const verdicts = machines.map(([name, vm]) => ({ name, ...verdictOf(vm, unit(index, 1)) }));
  expect(verdicts).toEqual(machines.map(([name]) => ({ name, end: "ok", reached: [index], why: null })));
}

describe("page tables of a hostile guest on shadow tables", () => {
  it.each([
    ["a root that maps itself", 110],
    ["a table that is its own at every level", 111],
    ["a page of 2 MiB over the tables in use", 112],
    ["frames of the host half and of nobody", 113],
    ["reserved bits at every level", 114],
    ["addresses that are not canonical", 115],
  ])("%s", (_, index) => expectAlike(index));
});

describe("a delivery that a miss of the shadow tables cuts short", () => {
  it("goes on with its vector and error code", () => expectAlike(148));
});
