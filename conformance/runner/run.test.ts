import { beforeAll, expect, it } from "vitest";
import { seedOf } from "./digest.ts";
import { mergeAndJudge } from "./merge.ts";
import { pairingsOf } from "./pairings.ts";
import type { Report } from "./report.ts";
import { runShard } from "./run.ts";
import { inspected, listBuilds, openBuiltSuite } from "./testing/builds.ts";
import type { Build, Progress, Shard, Suite } from "./types.ts";
import { unitsOf } from "./units.ts";
import type { Vm } from "./vm.ts";
import type { VmUnit } from "./vm-structs.ts";

let vm: Vm;
let suite: Suite;
const builds = new Map<string, Build>();
beforeAll(async () => {
  ({ vm, suite } = await openBuiltSuite());
  for (const { name, parts } of listBuilds()) builds.set(name, await inspected(vm, suite, parts));
});

function named(name: string): Build {
  const build = builds.get(name);
  if (!build) throw new Error(`no build ${name}: run npm run build`);
  return build;
}

/** The last units, all of one pairing: as much as one boot serves. */
function lastShard(build: Build): Shard {
  const units = unitsOf(suite, build);
  const last = units.filter((unit) => unit.pairing === units.at(-1)?.pairing).slice(-4);
  return { index: 0, units: last.map((unit) => unit.index) };
}

it("boots again when the VM holds another build or pairing, and only then", async () => {
  const [good, bad] = [named("kvm"), named("kvm-torn-pvclock")];
  let boots = 0;
  const link = vm.link.bind(vm);
  vm.link = () => {
    boots += 1;
    return link();
  };
  vm.reset();
  const first = [await runShard(vm, suite, good, lastShard(good)), await runShard(vm, suite, bad, lastShard(bad))];
  expect(boots).toBe(2);
  await runShard(vm, suite, bad, lastShard(bad));
  expect(boots).toBe(2);
  const again = [await runShard(vm, suite, good, lastShard(good)), await runShard(vm, suite, bad, lastShard(bad))];
  expect(boots).toBe(4);
  expect(again).toEqual(first);
  const units = unitsOf(suite, bad);
  const both = [0, 1].flatMap((pairing) => units.filter((unit) => unit.pairing === pairing).slice(0, 2));
  await runShard(vm, suite, bad, { index: 0, units: both.map((unit) => unit.index) });
  expect(boots).toBeGreaterThanOrEqual(5);
  vm.link = link;
});

it("gives every unit the seed that suite, build, case, pairing and slice make", async () => {
  const build = named("kvm-torn-pvclock");
  const seen: VmUnit[] = [];
  const begin = vm.beginUnit.bind(vm);
  vm.beginUnit = (unit) => {
    seen.push(unit);
    return begin(unit);
  };
  const shard = lastShard(build);
  await runShard(vm, suite, build, shard);
  vm.beginUnit = begin;
  const units = unitsOf(suite, build);
  for (const [at, index] of shard.units.entries()) {
    const unit = units[index];
    const id = suite.cases[unit?.case ?? -1]?.id ?? "";
    const pairing = pairingsOf(suite, build)[unit?.pairing ?? -1]?.id ?? "";
    expect(seen[at]?.seed).toBe(await seedOf([suite.digest, build.digest, id, pairing, "0"]));
  }
  expect(new Set(seen.map((unit) => unit.seed)).size).toBe(shard.units.length);
});

it("tells its progress, and yields between short units too", async () => {
  const build = named("native");
  const told: Progress[] = [];
  let yields = 0;
  const yieldNow = async () => {
    yields += 1;
  };
  const short = unitsOf(suite, build).filter((unit) => suite.cases[unit.case]?.mode === "sequential");
  const shard = { index: 0, units: short.slice(0, 25).map((unit) => unit.index) };
  await runShard(vm, suite, build, shard, { onProgress: (progress) => void told.push(progress), yieldNow });
  expect(told.map((progress) => progress.unitsDone)).toEqual(shard.units.map((_, at) => at + 1));
  expect(told.at(-1)).toMatchObject({ units: shard.units.length, pairing: "own" });
  expect(yields).toBeGreaterThanOrEqual(2);
});

it("leaves a search that runs out of its unit's fuel as not run", async () => {
  const build = named("kvm");
  const tight = { ...suite, budgets: { ...suite.budgets, fuel_unit: 20_000 } };
  const unit = unitsOf(tight, build).find((item) => tight.cases[item.case]?.id === "mmu-flush-multi-preempted");
  vm.reset();
  const result = await runShard(vm, tight, build, { index: 0, units: [unit?.index ?? -1] });
  vm.reset();
  const { report } = await mergeAndJudge(tight, build, [result], { partial: true });
  const { cases } = JSON.parse(new TextDecoder().decode(report)) as Report;
  const entry = cases.find((item) => item.id === "mmu-flush-multi-preempted");
  expect(entry).toMatchObject({ verdict: "not-run", failure: { kind: "budget" } });
  expect(entry?.schedules.tried).toBeLessThan(50);
});

it("refuses a shard of another plan", async () => {
  const build = named("native");
  await expect(runShard(vm, suite, build, { index: 0, units: [9999] })).rejects.toMatchObject({ code: "unknown-unit" });
});

it("keeps one instance within its 96 MiB", () => {
  expect(vm.memoryUsed()).toBeGreaterThan(1 << 20);
  expect(vm.memoryUsed()).toBeLessThan(96 * 1024 * 1024);
});
