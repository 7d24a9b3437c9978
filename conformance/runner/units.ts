/** Units of a build under a suite, and how they are grouped into shards. The suite alone fixes slices and order. */
import { pairingsOf } from "./pairings.ts";
import type { Build, MachineKind, Pairing, Shard, Suite, SuiteCase, Unit } from "./types.ts";

/** Fuel of one schedule, for planning only: far above what references use, so that a slow build still ends in time. */
const SCHEDULE_FUEL_ESTIMATE = 100_000;
const BOOT_FUEL_ESTIMATE = 1_000_000;

/** True if the case runs on this machine kind: a case without kinds runs on all. */
export function caseApplies(item: SuiteCase, kind: MachineKind): boolean {
  return item.kinds.length === 0 || item.kinds.includes(kind);
}

/** True if the case is run in the pairing: a hostile variant meets the cases it names, all others meet what is not hostile. */
export function caseMeets(suite: Pick<Suite, "variants">, item: SuiteCase, pairing: Pairing): boolean {
  if (pairing.variant === null) return item.peers !== "hostile";
  const variant = suite.variants.find(({ name, peer }) => name === pairing.variant && peer === pairing.peer);
  return variant?.cases.includes(item.id) ?? false;
}

/** All units in suite order: by case, then pairing, then slice. `index` is the place in this list. */
export function unitsOf(suite: Suite, build: Build): Unit[] {
  const pairings = pairingsOf(suite, build);
  const units: Unit[] = [];
  for (const [at, item] of suite.cases.entries()) {
    if (!caseApplies(item, build.manifest.machine)) continue;
    for (const [pairing, met] of pairings.entries())
      for (let slice = 0; caseMeets(suite, item, met) && slice < item.slices; slice++)
        units.push({ index: units.length, case: at, pairing, slice });
  }
  return units;
}

/** Expected fuel of a unit, for cutting shards; never part of a result. */
export function estimateFuel(suite: Suite, unit: Unit): number {
  const item = suite.cases[unit.case];
  return Math.min(suite.budgets.fuel_unit, (item?.budget ?? 1) * SCHEDULE_FUEL_ESTIMATE);
}

/**
 * Groups units into shards of at most `fuel_shard` by estimate, pairing by pairing, so that few of them boot twice.
 * @param count exactly so many shards instead (some may be empty); any cut gives the same report
 */
export function planShards(suite: Suite, build: Build, count?: number): Shard[] {
  const units = unitsOf(suite, build).sort((a, b) => a.pairing - b.pairing || a.index - b.index);
  if (count !== undefined) return cutInto(units, count);
  const shards: Shard[] = [];
  let fuel = Number.POSITIVE_INFINITY;
  let pairing = -1;
  for (const unit of units) {
    const boot = unit.pairing === pairing ? 0 : BOOT_FUEL_ESTIMATE;
    const due = estimateFuel(suite, unit) + boot;
    if (fuel + due > suite.budgets.fuel_shard) {
      shards.push({ index: shards.length, units: [] });
      fuel = boot === 0 ? BOOT_FUEL_ESTIMATE : 0;
    }
    shards.at(-1)?.units.push(unit.index);
    fuel += due;
    pairing = unit.pairing;
  }
  return shards;
}

function cutInto(units: readonly Unit[], count: number): Shard[] {
  return Array.from({ length: count }, (_, index) => {
    const from = Math.floor((units.length * index) / count);
    const to = Math.floor((units.length * (index + 1)) / count);
    return { index, units: units.slice(from, to).map((unit) => unit.index) };
  });
}
