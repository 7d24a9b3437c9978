/** Merging: the same outcomes give the same result, however they were grouped, ordered or repeated. */
import { canonicalText } from "./canonical.ts";
import { RunnerError } from "./errors.ts";
import type { MergedCase, Outcome, OutcomeFailure, ShardResult, Suite, Unit } from "./types.ts";

/** Outcomes by unit index and failed boots by pairing, from shards in any order. */
export interface Collected {
  units: Map<number, Outcome>;
  boots: Map<number, Outcome>;
}

/**
 * @throws RunnerError "foreign-shard" for results of another suite, build or challenge, "not-deterministic" if two runs of a
 * unit differ
 */
export function collectShards(
  suite: string,
  build: string,
  results: readonly ShardResult[],
  challenge?: string,
): Collected {
  const collected: Collected = { units: new Map(), boots: new Map() };
  for (const result of results) {
    if (result.suite !== suite || result.build !== build || result.challenge !== challenge)
      throw new RunnerError(
        "foreign-shard",
        `Shard ${result.shard} is of build ${result.build} under suite ${result.suite}, challenge ${result.challenge ?? "none"}: merge only shards of one run.`,
      );
    for (const { unit, outcome } of result.units) keep(collected.units, unit, outcome, `unit ${unit}`);
    for (const { pairing, outcome } of result.boots)
      keep(collected.boots, pairing, outcome, `boot of pairing ${pairing}`);
  }
  return collected;
}

function keep(into: Map<number, Outcome>, key: number, outcome: Outcome, what: string): void {
  const known = into.get(key);
  if (!known) into.set(key, outcome);
  else if (canonicalText(known) !== canonicalText(outcome)) throw differs(what);
}

function differs(what: string): RunnerError {
  return new RunnerError(
    "not-deterministic",
    `Two runs of ${what} gave different outcomes. Run both again; if it persists, core.wasm differs between them.`,
  );
}

/**
 * One entry for each case and pairing, in suite order.
 * Slices count in order up to the first that did not end well: counts, outcomes and costs stop there.
 */
export function mergeUnits(suite: Suite, units: readonly Unit[], collected: Collected): MergedCase[] {
  const merged = new Map<string, MergedCase>();
  let fuel = 0n;
  for (const unit of units) {
    const key = `${unit.case} ${unit.pairing}`;
    const entry = merged.get(key) ?? { case: unit.case, pairing: unit.pairing, outcome: null, boot: false };
    const first = !merged.has(key);
    merged.set(key, entry);
    const boot = collected.boots.get(unit.pairing);
    if (boot) {
      if (collected.units.has(unit.index)) throw differs(`boot of pairing ${unit.pairing}`);
      entry.outcome = boot;
      entry.boot = true;
      continue;
    }
    const found = collected.units.get(unit.index);
    const outcome = found ? withinUnit(suite, found) : null;
    if (!first && (entry.outcome === null || entry.outcome.end !== "ok")) continue;
    fuel += BigInt(outcome?.fuel ?? 0);
    const counted = outcome && fuel > BigInt(suite.budgets.fuel_run) ? runFuelSpent(suite, outcome) : outcome;
    entry.outcome = first || !entry.outcome || !counted ? counted : joinSlices(entry.outcome, counted);
  }
  return [...merged.values()];
}

function joinSlices(before: Outcome, next: Outcome): Outcome {
  return {
    end: next.end,
    tried: before.tried + next.tried,
    exhausted: before.exhausted && next.exhausted ? 1 : 0,
    bound: next.bound,
    fuel: (BigInt(before.fuel) + BigInt(next.fuel)).toString(),
    reached: union(before.reached, next.reached),
    failed: next.failed,
    not_offered: union(before.not_offered, next.not_offered),
    outcomes: unionOfVectors(before.outcomes, next.outcomes),
    // Costs are those of the default schedule, which the first slice holds.
    costs: before.costs,
    failure: next.failure,
  };
}

function union(a: readonly number[], b: readonly number[]): number[] {
  return [...new Set([...a, ...b])].sort((x, y) => x - y);
}

function unionOfVectors(a: readonly string[][], b: readonly string[][]): string[][] {
  const vectors = new Map([...a, ...b].map((vector) => [vector.join(" "), vector]));
  return [...vectors].sort(([x], [y]) => (x < y ? -1 : x > y ? 1 : 0)).map(([, vector]) => vector);
}

/** A search that its unit's fuel cut short has not tried what it should have: it ends in an error of its budget. */
function withinUnit(suite: Suite, outcome: Outcome): Outcome {
  const max = suite.budgets.fuel_unit;
  if (outcome.end !== "ok" || outcome.exhausted || BigInt(outcome.fuel) < BigInt(max)) return outcome;
  const seen = `its ${outcome.tried} schedules took ${outcome.fuel}`;
  return spent(outcome, "budget", `a search of at most ${max} instructions`, seen, "the search's bound is used up");
}

/** Fuel of a run is counted in suite order, so that the bound does not depend on who ran what first. */
function runFuelSpent(suite: Suite, outcome: Outcome): Outcome {
  const expected = `a run of at most ${suite.budgets.fuel_run} instructions`;
  const seen = "the units before this one and this one took more";
  return spent(outcome, "fuel", expected, seen, "the run's bound over all units is used up");
}

function spent(outcome: Outcome, kind: string, expected: string, seen: string, why: string): Outcome {
  const failure: OutcomeFailure = {
    kind,
    clause: -1,
    expected,
    seen,
    note: "",
    role: -1,
    vcpu: -1,
    op: -1,
    half: null,
    function: null,
    offset: null,
    reason: `fuel exhausted: ${why}`,
    schedule: "",
    steps: 0,
    stack: [],
    trace: [],
  };
  return { ...outcome, end: "error", reached: [], failed: [], not_offered: [], outcomes: [], costs: [], failure };
}
