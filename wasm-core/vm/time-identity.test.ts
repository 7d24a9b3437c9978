// Real time is the sum of available and stolen time at every instant that a guest can look at, whatever is stolen from whom.
import { expect, it } from "vitest";
import { unitFlags } from "../../conformance/runner/vm-structs.ts";
import { booted, type KindName, run, search, unit } from "./testing/harness.ts";

const flags = unitFlags.steal | unitFlags.timeFree;
const SEEDS = 30;

it.each(["native", "enlightened", "fullvirt"] as KindName[])("%s: real = available + stolen", async (kind) => {
  const vm = await booted(kind, 2);
  const seen = new Set<string>();
  const holds = (settings: object) => {
    const { end, failure, outcomes } = run(vm, unit(140, 2, { ...search, flags, ...settings }));
    expect({ end, failure }).toEqual({ end: "ok", failure: null });
    for (const vector of outcomes) seen.add(String(vector.slice(0, 2)));
  };
  holds({ bound: 1, schedules_max: 1000 });
  for (let seed = 1n; seed <= SEEDS; seed++) holds({ strategy: 2, bound: 4, schedules_max: 20, seed });
  // Schedules in which nothing is stolen, and in which something is.
  expect([...seen]).toEqual(expect.arrayContaining(["0,0", "1,1"]));
});
