import { beforeAll, describe, expect, it } from "vitest";
import { mergeAndJudge } from "./merge.ts";
import { runShard } from "./run.ts";
import { inspected, openBuiltSuite, sampleBuilds } from "./testing/builds.ts";
import { randomOf, shuffled } from "./testing/random.ts";
import { sampled } from "./testing/sampled.ts";
import type { Build, ShardResult, Suite } from "./types.ts";
import { planShards } from "./units.ts";
import type { Vm } from "./vm.ts";

/** One that conforms and one that fails by search, each in one pairing: an enlightened half meets two dozen, which takes long. */
const names = ["native", "native-halt-window"];
const builds = sampled(sampleBuilds(), ({ name }) => names.includes(name));
let vm: Vm;
let suite: Suite;
beforeAll(async () => {
  ({ vm, suite } = await openBuiltSuite());
});

/** Runs the shards in a shuffled order, as a queue would, with as many fuel slices as `slice` makes. */
async function run(build: Build, count: number | undefined, seed: number): Promise<ShardResult[]> {
  const results: ShardResult[] = [];
  for (const shard of shuffled(planShards(suite, build, count), randomOf(seed)))
    results.push(await runShard(vm, suite, build, shard));
  return results;
}

describe.each(builds)("the report of $name", ({ parts }) => {
  it("is the same for 1, 2, 7 and many shards, shuffled and doubled", async () => {
    const build = await inspected(vm, suite, parts);
    const [whole, two, seven, many] = [
      await run(build, 1, 1),
      await run(build, 2, 2),
      await run(build, 7, 3),
      await run(build, 40, 4),
    ];
    const { digest } = await mergeAndJudge(suite, build, whole);
    for (const cut of [two, seven, many, [...two, ...seven], shuffled([...many, ...many, ...whole], randomOf(5))])
      expect((await mergeAndJudge(suite, build, cut)).digest).toBe(digest);
  });
});

describe.each(builds)("the outcomes of $name", ({ parts }) => {
  it("do not depend on where slices of fuel end", async () => {
    const build = await inspected(vm, suite, parts);
    const [shard] = planShards(suite, build, 1);
    if (!shard) throw new Error("no shard");
    const yieldNow = () => Promise.resolve();
    const whole = await runShard(vm, suite, build, shard, { yieldNow });
    const step = vm.stepUnit.bind(vm);
    try {
      for (const most of [40, 4_000]) {
        const random = randomOf(most);
        vm.stepUnit = () => step(1 + Math.floor(random() * most));
        expect(await runShard(vm, suite, build, shard, { yieldNow })).toEqual(whole);
      }
    } finally {
      vm.stepUnit = step;
    }
  });
});

it("does not depend on who used the VM in between", async () => {
  const [first] = builds;
  if (!first) throw new Error("no builds: run npm run build");
  const build = await inspected(vm, suite, first.parts);
  const [shard] = planShards(suite, build, 12);
  if (!shard) throw new Error("no shards");
  const usual = await runShard(vm, suite, build, shard);
  const [one, , other] = await Promise.all([
    runShard(vm, suite, build, shard),
    inspected(vm, suite, first.parts),
    runShard(vm, suite, build, shard),
  ]);
  expect(one).toEqual(usual);
  expect(other).toEqual(usual);
});
