// What leaving guest mode for another vCPU's sake makes visible (docs/abi.md).
import { expect, it } from "vitest";
import { booted, type KindName, run, unit } from "./testing/harness.ts";

it.each([
  ["enlightened", "stop", 0n, "1 0 0"],
  ["enlightened", "kick", 1n, "1 0 0"],
  ["fullvirt", "stop", 0n, "1 0 0"],
  ["fullvirt", "kick", 1n, "1 0 0"],
  // Here the exit does not drain; the lock that the vCPU's hook enter releases hands its stores over to whoever takes it next.
  ["direct", "stop", 0n, "1 1 0"],
  ["direct", "kick", 1n, "1 1 0"],
] as [KindName, string, bigint, string][])(
  "%s, %s: stores of the other vCPU that wait before and behind its exit",
  async (kind, _, seed, waiting) => {
    const vm = await booted(kind, 2);
    const { end, outcomes, failure } = run(vm, unit(75, 2, { seed, vcpu_of_role: [1, 0] }));
    expect(failure).toBeNull();
    expect({ end, outcomes: outcomes.map((vector) => vector.join(" ")) }).toEqual({ end: "ok", outcomes: [waiting] });
  },
);
