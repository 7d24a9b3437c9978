// What leaving guest mode for another vCPU's sake drains (docs/abi.md): the store buffer, in kinds whose exits serialise.
import { expect, it } from "vitest";
import { booted, type KindName, run, unit } from "./testing/harness.ts";

it.each([
  ["enlightened", "stop", 0n],
  ["enlightened", "kick", 1n],
] as [KindName, string, bigint][])(
  "%s: the store that waits is visible behind the exit of %s",
  async (kind, _, seed) => {
    const vm = await booted(kind, 2);
    const { end, outcomes } = run(vm, unit(75, 2, { seed }));
    expect({ end, outcomes: outcomes.map((vector) => vector.join(" ")) }).toEqual({ end: "ok", outcomes: ["1 0"] });
  },
);
