import { Worker } from "node:worker_threads";
import { beforeAll, describe, expect, it } from "vitest";
import { mergeAndJudge } from "./merge.ts";
import { runShard } from "./run.ts";
import { inspected, listBuilds, openBuiltSuite } from "./testing/builds.ts";
import { chanceSuite } from "./testing/chance-suite.ts";
import { randomOf, shuffled } from "./testing/random.ts";
import type { Build, BuildParts, Suite } from "./types.ts";
import { unitsOf } from "./units.ts";
import type { Vm } from "./vm.ts";

const SEEDS = [1, 2];
/** Units of each strategy that a seed draws. */
const SAMPLE = { rr: 12, dfs: 6, pct: 3 };
/** Most fuel of one slice, the smallest first. */
const SLICES = [400, 200_000];

let vm: Vm;
let suite: Suite;
beforeAll(async () => {
  ({ vm, suite } = await openBuiltSuite());
  suite = chanceSuite(suite);
});

function partsOf(name: string): BuildParts {
  const found = listBuilds().find((build) => build.name === name);
  if (!found) throw new Error(`no build ${name}: run npm run build`);
  return found.parts;
}

/** Some units of every strategy, drawn from the seed; in ascending order. */
function drawn(build: Build, random: () => number): number[] {
  const units = unitsOf(suite, build);
  const chosen = (["rr", "dfs", "pct"] as const).flatMap((strategy) => {
    const of = units.filter((unit) => suite.cases[unit.case]?.strategy === strategy);
    expect(of.length, strategy).toBeGreaterThan(0);
    return shuffled(of, random).slice(0, SAMPLE[strategy]);
  });
  return chosen.map(({ index }) => index).sort((a, b) => a - b);
}

/** The digest of the report over these units, run in this order with slices of at most `most` fuel, drawn anew each time. */
async function digestIn(on: Vm, build: Build, units: number[], random: () => number, most?: number): Promise<string> {
  const step = on.stepUnit.bind(on);
  if (most !== undefined) on.stepUnit = () => step(1 + Math.floor(random() * most));
  try {
    const result = await runShard(on, suite, build, { index: 0, units }, { yieldNow: () => Promise.resolve() });
    return (await mergeAndJudge(suite, build, [result], { partial: true })).digest;
  } finally {
    on.stepUnit = step;
  }
}

function digestInThread(parts: BuildParts, units: number[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL("./testing/digest-thread.ts", import.meta.url), { workerData: { parts, units } });
    let digest = "";
    thread.once("message", (message: string) => (digest = message));
    thread.once("error", reject);
    // Not before it has ended: a process that ends under a thread which V8 is tearing down can crash.
    thread.once("exit", () => resolve(digest));
  });
}

describe.each(["kvm", "kvm-torn-pvclock"])("the report of %s", (name) => {
  it.each(SEEDS)(
    "is the same whatever the slice size, the order of units, the VM's past and the thread (seed %i)",
    async (seed) => {
      const random = randomOf(seed);
      const build = await inspected(vm, suite, partsOf(name));
      const units = drawn(build, random);
      const expected = await digestIn(vm, build, units, random);
      for (const most of SLICES)
        expect(await digestIn(vm, build, shuffled(units, random), random, most), `slices up to ${most}`).toBe(expected);
      const fresh = (await openBuiltSuite()).vm;
      expect(await digestIn(fresh, build, shuffled(units, random), random), "fresh VM").toBe(expected);
      expect(await digestInThread(partsOf(name), shuffled(units, random)), "worker thread").toBe(expected);
    },
  );
});
