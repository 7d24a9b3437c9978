import { beforeAll, describe, expect, it } from "vitest";
import { booted, compileTesting, run, search, unit } from "./testing/harness.ts";
import { litmusHalf } from "./testing/litmus/half.ts";
import { parseProgram } from "./testing/litmus/program.ts";

beforeAll(compileTesting);

const ROLES = 2;
/** Steps that change points are drawn from: at least as many as the programs have. */
const STEPS = 32;

/** How many of so many seeds give, in their one schedule, the outcome that role 0 reads `wanted` (a byte per register). */
async function hits(program: string, depth: number, seeds: number, wanted: bigint): Promise<number> {
  const vm = await booted("native", ROLES, { guest: litmusHalf(parseProgram(program)) });
  let count = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const what = unit(38, ROLES, {
      strategy: 2,
      bound: depth,
      schedules_max: 1,
      seed: (BigInt(seed) * 0x9e3779b97f4a7c15n) & (2n ** 64n - 1n),
    });
    if (BigInt(run(vm, what).outcomes[0]?.[0] ?? -1) === wanted) count += 1;
  }
  return count;
}

describe("PCT finds a bug of depth d with probability at least 1 / (n · k^(d − 1))", () => {
  it.each([
    ["depth 1: the other role is first", "a=x | x<-1", 1, 1000, 0x1n],
    ["depth 2: it comes in between", "a=x b=x | x<-1", 2, 2000, 0x100n],
    ["depth 3: and not to its end", "a=x b=x | x<-1 x<-2", 3, 30000, 0x100n],
  ] as const)("%s", async (_, program, depth, seeds, wanted) => {
    const found = await hits(program, depth, seeds, wanted);
    // The guarantee bounds the expectation; three standard deviations below it are luck.
    const least = seeds / (ROLES * STEPS ** (depth - 1));
    expect(found).toBeGreaterThanOrEqual(least - 3 * Math.sqrt(least));
    expect(found).toBeLessThan(seeds);
  });

  it("a bug deeper than d is not found by changes of priority", async () => {
    expect(await hits("a=x b=x | x<-1", 1, 500, 0x100n)).toBe(0);
  });

  it("draws the same whatever ran before", async () => {
    const vm = await booted("native", ROLES);
    const what = unit(4, ROLES, { ...search, strategy: 2, bound: 3 });
    const alone = run(vm, what);
    run(vm, unit(39, ROLES, { strategy: 2, bound: 3, schedules_max: 3 }));
    expect(run(vm, what)).toEqual(alone);
  });
});
