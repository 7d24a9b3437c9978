// A one-time seed: the same for everybody who runs it, in any cut, and another one for every challenge.
import { beforeAll, expect, it } from "vitest";
import { mergeAndJudge } from "./merge.ts";
import type { Report } from "./report.ts";
import { runShard } from "./run.ts";
import { inspected, listBuilds, openBuiltSuite } from "./testing/builds.ts";
import type { Build, ShardResult, Suite } from "./types.ts";
import { planShards } from "./units.ts";
import type { Vm } from "./vm.ts";
import type { VmUnit } from "./vm-structs.ts";

const one = "1".repeat(64);
const two = "2".repeat(64);
let vm: Vm;
let suite: Suite;
let build: Build;

beforeAll(async () => {
  ({ vm, suite } = await openBuiltSuite());
  const { parts } = listBuilds().find(({ name }) => name === "native") ?? { parts: { manifest: null } };
  build = await inspected(vm, suite, parts);
});

async function run(challenge: string | undefined, count: number): Promise<ShardResult[]> {
  const results: ShardResult[] = [];
  for (const shard of planShards(suite, build, count))
    results.push(await runShard(vm, suite, build, shard, { challenge }));
  return results;
}

it("is in the report, which is one for any cut, and leaves an ordinary report as it is", async () => {
  const whole = await mergeAndJudge(suite, build, await run(one, 1), { challenge: one });
  const cut = await mergeAndJudge(suite, build, await run(one, 5), { challenge: one });
  expect(cut.digest).toBe(whole.digest);
  const report = JSON.parse(new TextDecoder().decode(whole.report)) as Report;
  expect(report.challenge).toBe(one);
  const ordinary = await mergeAndJudge(suite, build, await run(undefined, 1));
  const plain = JSON.parse(new TextDecoder().decode(ordinary.report)) as Report;
  expect(plain).not.toHaveProperty("challenge");
  expect(report.summary).toEqual(plain.summary);
});

it("seeds every unit and the boot anew", async () => {
  const seeds = new Map<string | undefined, { units: bigint[]; boots: bigint[] }>();
  vm.reset();
  const [begin, configure] = [vm.beginUnit.bind(vm), vm.configure.bind(vm)];
  for (const challenge of [undefined, one, two]) {
    const seen = { units: [] as bigint[], boots: [] as bigint[] };
    seeds.set(challenge, seen);
    vm.beginUnit = (unit: VmUnit) => {
      seen.units.push(unit.seed);
      return begin(unit);
    };
    vm.configure = (config) => {
      seen.boots.push(config.seed);
      return configure(config);
    };
    const [shard] = planShards(suite, build, 40);
    await runShard(vm, suite, build, shard ?? { index: 0, units: [] }, { challenge });
  }
  Object.assign(vm, { beginUnit: begin, configure });
  const all = [...seeds.values()].flatMap(({ units, boots }) => [...units, ...boots]);
  expect(all.length).toBeGreaterThan(5);
  expect(new Set(all).size).toBe(all.length);
});

it("does not mix: shards of another challenge are refused", async () => {
  await expect(mergeAndJudge(suite, build, await run(one, 1), { challenge: two })).rejects.toThrow(/challenge 1{64}/);
  await expect(mergeAndJudge(suite, build, await run(one, 1))).rejects.toThrow(/merge only shards of one run/);
});
