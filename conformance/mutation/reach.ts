/** Which units reach which sites, measured by one run of the half with marks at all of them. */

import type { Suite } from "../runner/types.ts";
import { COVERAGE_MARKS } from "../runner/vm.ts";
import { instrument } from "./instrument.ts";
import { byPairing, runOne } from "./run-units.ts";
import type { Site } from "./sites.ts";
import { type Bench, buildWith, readTarget, type Target, unitsWith } from "./target.ts";

export interface Reach {
  /** Indices of the units that reach the site, those that reach it in the case itself first. */
  units: number[];
  /** Ops in which it is reached; empty: only at boot or outside of ops. */
  ops: string[];
}

const BIT_OTHER = 127;
/** A half with marks takes at most so many times the fuel. */
const MARKS_COST = 10;

/** @returns one entry per site */
export async function measureReach(opened: Bench, target: Target, sites: readonly Site[]): Promise<Reach[]> {
  const reach: Reach[] = [];
  for (let from = 0; from < sites.length; from += COVERAGE_MARKS)
    reach.push(...(await measurePart(opened, target, sites.slice(from, from + COVERAGE_MARKS))));
  return reach;
}

/** @param sites as many as the VM has marks */
async function measurePart(opened: Bench, target: Target, sites: readonly Site[]): Promise<Reach[]> {
  const bench = { vm: opened.vm, suite: roomForMarks(opened.suite) };
  const { vm, suite } = bench;
  const build = await buildWith(bench, target, instrument(readTarget(target), sites));
  const inCase: number[][] = sites.map(() => []);
  const atBoot: number[][] = sites.map(() => []);
  const ops = sites.map(() => 0n);
  const units = byPairing(unitsWith(suite, build, target));
  let pairing = -1;
  let booting: boolean[] = [];
  for (const unit of units) {
    const first = unit.pairing !== pairing;
    pairing = unit.pairing;
    if (first) {
      // The first run boots; what it reaches beyond the second run's is the boot's, or both's.
      check(await runOne(bench, build, unit), target, unit.case);
      const marks = vm.takeCoverage() ?? [];
      booting = sites.map((_, k) => (marks[k] ?? 0n) !== 0n);
    }
    check(await runOne(bench, build, unit), target, unit.case);
    const marks = vm.takeCoverage() ?? [];
    for (const k of sites.keys()) {
      const mark = marks[k] ?? 0n;
      if (mark !== 0n) inCase[k]?.push(unit.index);
      else if (booting[k]) atBoot[k]?.push(unit.index);
      ops[k] = (ops[k] ?? 0n) | mark;
    }
  }
  return sites.map((_, k) => ({
    units: [...(inCase[k] ?? []), ...(atBoot[k] ?? [])],
    ops: suite.ops.filter((_, op) => op < BIT_OTHER && ((ops[k] ?? 0n) >> BigInt(op)) & 1n).map(({ id }) => id),
  }));
}

/** Marks are calls and cost fuel: what is bounded for the half itself gets room for them. */
function roomForMarks(suite: Suite): Suite {
  const { fuel_boot, fuel_schedule, fuel_unit, ...others } = suite.budgets;
  const budgets = {
    ...others,
    fuel_boot: fuel_boot * MARKS_COST,
    fuel_schedule: fuel_schedule * MARKS_COST,
    fuel_unit: fuel_unit * MARKS_COST,
  };
  return { ...suite, budgets };
}

/**
 * A case whose end depends on how long the half takes may end otherwise with marks: what it reached until then counts.
 * A half that does not boot with marks cannot be measured.
 */
function check({ booted, outcome }: Awaited<ReturnType<typeof runOne>>, target: Target, item: number): void {
  if (booted) return;
  throw new Error(`${target} does not boot with marks (case ${item}): ${outcome.failure?.reason ?? outcome.end}`);
}
