/** Runs the units of a shard: boots each pairing once, then every unit from the boot snapshot. */
import { bootPairing, linkOutcome } from "./boot.ts";
import { seedOf } from "./digest.ts";
import { RunnerError } from "./errors.ts";
import { withVm, type Yield, yieldToTasks } from "./lease.ts";
import { pairingsOf } from "./pairings.ts";
import type { Build, Outcome, Pairing, RunOptions, Shard, ShardResult, Suite, SuiteCase, Unit } from "./types.ts";
import { unitsOf } from "./units.ts";
import type { Vm } from "./vm.ts";
import { arrivalKinds, strategies, unitFlags, type VmUnit } from "./vm-structs.ts";

/** Restoring a snapshot and reading an outcome, in fuel: small units yield too. */
const UNIT_OVERHEAD_FUEL = 10_000;
const NO_CLAUSE = -1;

/**
 * Runs a shard to its end; cooperative: `yieldNow` is awaited every `fuel_slice` of fuel. The result depends on suite,
 * build, the challenge if there is one, and the shard's units alone.
 * @throws RunnerError "unknown-unit" for a shard of another plan
 */
export async function runShard(
  vm: Vm,
  suite: Suite,
  build: Build,
  shard: Shard,
  options: RunOptions = {},
): Promise<ShardResult> {
  const units = unitsOf(suite, build);
  const pairings = pairingsOf(suite, build);
  const yieldNow = options.yieldNow ?? yieldToTasks;
  const { challenge } = options;
  const result: ShardResult = { suite: suite.digest, build: build.digest, shard: shard.index, units: [], boots: [] };
  if (challenge !== undefined) result.challenge = challenge;
  const failedBoots = new Set<number>();
  const meter = { fuel: suite.budgets.fuel_slice };
  for (const [done, index] of shard.units.entries()) {
    const unit = units[index];
    const pairing = unit && pairings[unit.pairing];
    if (!unit || !pairing)
      throw new RunnerError(
        "unknown-unit",
        `Shard ${shard.index} names unit ${index}; this build has ${units.length}: plan the shards again.`,
      );
    if (!failedBoots.has(unit.pairing)) {
      const ran = await runUnit({ vm, suite, build, pairing, unit, yieldNow, meter, challenge });
      if (ran.booted) result.units.push({ unit: index, outcome: ran.outcome });
      else {
        failedBoots.add(unit.pairing);
        result.boots.push({ pairing: unit.pairing, outcome: ran.outcome });
      }
    }
    options.onProgress?.({
      unitsDone: done + 1,
      units: shard.units.length,
      caseId: suite.cases[unit.case]?.id ?? "",
      pairing: pairing.id,
    });
    if (vm.waiting > 0 || meter.fuel <= 0) {
      meter.fuel = suite.budgets.fuel_slice;
      await yieldNow();
    }
  }
  result.units.sort((a, b) => a.unit - b.unit);
  result.boots.sort((a, b) => a.pairing - b.pairing);
  return result;
}

export interface UnitRun {
  vm: Vm;
  suite: Suite;
  build: Build;
  pairing: Pairing;
  unit: Unit;
  yieldNow: Yield;
  /** Fuel left until the next yield is due. */
  meter: { fuel: number };
  /** Seeds everything anew: see RunOptions. */
  challenge?: string | undefined;
  /** Replays this schedule instead of searching. */
  schedule?: string;
}

/** One unit from the boot snapshot; `booted` is false if the outcome is that of a failed boot. */
export async function runUnit(run: UnitRun): Promise<{ booted: boolean; outcome: Outcome }> {
  const { vm, suite, build, pairing, unit, meter } = run;
  const item = suite.cases[unit.case];
  if (!item) throw new RunnerError("unknown-unit", `The suite has no case ${unit.case}.`);
  const of = (name: string, slice: string) =>
    seedOf([
      suite.digest,
      build.digest,
      name,
      pairing.id,
      slice,
      ...(run.challenge === undefined ? [] : [run.challenge]),
    ]);
  const seed = await of(item.id, String(unit.slice));
  const bootSeed = await of("boot", "0");
  return withVm(vm, run.yieldNow, async (pause) => {
    const failed = await bootPairing(vm, suite, build, pairing, bootSeed, pause);
    if (failed) return { booted: false, outcome: failed };
    const refused = vm.beginUnit(vmUnit(suite, item, unit, seed, run.schedule));
    if (refused) return { booted: true, outcome: { ...linkOutcome(refused, "kernel"), end: "refused" } };
    for (;;) {
      const outcome = vm.stepUnit(Math.max(meter.fuel, UNIT_OVERHEAD_FUEL));
      if (outcome) {
        meter.fuel -= UNIT_OVERHEAD_FUEL + Math.min(Number(outcome.fuel), meter.fuel);
        return { booted: true, outcome };
      }
      await pause();
      meter.fuel = suite.budgets.fuel_slice;
    }
  });
}

function vmUnit(suite: Suite, item: SuiteCase, unit: Unit, seed: bigint, schedule?: string): VmUnit {
  const replay = schedule !== undefined;
  const flags =
    (item.fine ? unitFlags.fine : 0) |
    (item.evict ? unitFlags.evict : 0) |
    (item.early ? unitFlags.early : 0) |
    (item.steal ? unitFlags.steal : 0) |
    (item.timeFree ? unitFlags.timeFree : 0) |
    (replay ? unitFlags.traceAlways : 0) |
    (replay && item.mode === "sequential" ? unitFlags.sequential : 0);
  return {
    case: item.index,
    vcpu_of_role: item.roles.map((role) => role.vcpu),
    strategy: replay ? strategies.replay : strategies[item.strategy],
    bound: item.bound,
    schedules_max: replay ? 1 : item.budget,
    flags,
    seed,
    stuck_clause: item.stuck === null ? NO_CLAUSE : suite.clauseNumbers.indexOf(item.stuck),
    arrivals: item.arrivals.map(({ kind, ...arrival }) => ({ kind: arrivalKinds[kind], ...arrival })),
    slice: unit.slice,
    slices: item.slices,
    ...(replay ? { schedule } : {}),
  };
}
