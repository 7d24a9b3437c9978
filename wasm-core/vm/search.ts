// Which schedule a unit tries next. A schedule is a node: its parent's deviations and one more behind them.
//
//   node (16 bytes): | parent u32 | choice index u32 | letter << 24 | argument u32 | cost u32 |     node 0 = the default schedule
//
// Running a node reveals its children: the worthwhile deviations behind its last one. Nodes run in the order in which they were
// found, so that schedules with few deviations come first and no schedule comes twice; no state is kept but the list itself.
import { immutableAlloc } from "../memory/arena";
import { config, STRATEGY_DFS, STRATEGY_PCT, unitBound, unitSchedulesMax, unitSlice, unitSlices, unitStrategy } from "./config";
import { chanceForget } from "./chance";
import { linesForget, linesGrown, tablesSettle } from "./lines";
import { result } from "./outcome";
import { statesForget } from "./states";
import { plannedAdd, plannedClear } from "./schedule";

const NODE_BYTES: usize = 16;
export const NODES_MAX: u32 = 65536;
const SCHEDULES_DEFAULT: u32 = 20_000;
/** Times that the search starts over because more lines turned out to be shared. */
const ROUNDS_MAX: u32 = 6;
/** Most schedules that are tried for a shorter one than chance found. */
const SHORTER_MAX: u32 = 1000;

let nodes: usize = 0;
let count: u32 = 0;
let next: u32 = 0;
/** Node under way. */
let present: u32 = 0;
let tried: u32 = 0;
let truncated: bool = false;
let grownBefore: u32 = 0;
let rounds: u32 = 0;
let ordinal: u32 = 0;
/** Deviations that a schedule must have fewer of, 0 = the search is not for a shorter one. */
let shorterThan: u32 = 0;
let shorterTried: u32 = 0;
/** The schedules are drawn by chance. */
export let byChance: bool = false;

export function searchCreate(): bool {
  nodes = immutableAlloc(NODES_MAX * NODE_BYTES);
  return nodes != 0;
}

/** A new unit. */
export function searchBegin(): void {
  tried = 0;
  truncated = false;
  rounds = 0;
  shorterThan = 0;
  byChance = unitStrategy() == STRATEGY_PCT;
  linesForget();
  chanceForget();
  restart();
}

function restart(): void {
  statesForget();
  tablesSettle();
  count = 1;
  next = 0;
  ordinal = 0;
  grownBefore = linesGrown;
  memory.fill(nodes, 0, NODE_BYTES);
}

export function searchTried(): u32 {
  return tried;
}

function budget(): u32 {
  return unitSchedulesMax() ? unitSchedulesMax() : SCHEDULES_DEFAULT;
}

/** Plans the next schedule; false when there is none. Replay's is planned already. */
export function searchNext(): bool {
  const isFirst = tried == 0;
  if (!isFirst && !goesOn()) return false;
  if (unitStrategy() == STRATEGY_DFS && !byChance) {
    plannedClear();
    present = next;
    next += 1;
    planNode(present);
  } else if (byChance) plannedClear();
  tried += 1;
  return true;
}

/** Whether there is another schedule to try; settles `exhausted` when there is none. */
function goesOn(): bool {
  const strategy = unitStrategy();
  if (strategy != STRATEGY_DFS && strategy != STRATEGY_PCT) {
    result.exhausted = 1;
    return false;
  }
  if (tried >= budget() || result.fuel >= config.fuelUnit) return false;
  if (byChance) return true;
  // The default schedule is run until it teaches nothing new.
  if (next == 1 && linesGrown != grownBefore && rounds < ROUNDS_MAX) startOver();
  if (next < count) {
    // What exhaustive search cannot finish, chance goes on with.
    if (truncated && tried >= budget() - (budget() >> 2)) byChance = true;
    return true;
  }
  if (linesGrown != grownBefore && rounds < ROUNDS_MAX) {
    startOver();
    return true;
  }
  if (!truncated) result.exhausted = linesGrown == grownBefore ? 1 : 0;
  else byChance = true;
  return truncated;
}

function startOver(): void {
  rounds += 1;
  truncated = false;
  restart();
}

/** Chance found a failure with so many deviations: the systematic search, from its start, for one with fewer. */
export function searchShorter(deviations: u32): void {
  byChance = false;
  shorterThan = deviations;
  shorterTried = 0;
  restart();
}

/** Plans the next schedule with fewer deviations; false when there is none, or the budget is gone. */
export function searchShorterNext(): bool {
  if (next == count || shorterTried == SHORTER_MAX || result.fuel >= config.fuelUnit) return false;
  if (depthOf(next) >= shorterThan) return false;
  shorterTried += 1;
  plannedClear();
  present = next;
  next += 1;
  planNode(present);
  return true;
}

/** Deviations of a node. */
function depthOf(node: u32): u32 {
  let depth: u32 = 0;
  for (let n = node; n != 0; n = load<u32>(nodeAt(n))) depth += 1;
  return depth;
}

/** Plans a node's deviations, outermost parent first. */
function planNode(node: u32): void {
  for (let level = depthOf(node); level > 0; level--) {
    const ancestor = ancestorOf(node, level - 1);
    const code = load<u32>(nodeAt(ancestor), 8);
    plannedAdd(load<u32>(nodeAt(ancestor), 4), code >>> 24, code & 0xffffff);
  }
}

function ancestorOf(node: u32, up: u32): u32 {
  let n = node;
  for (let i: u32 = 0; i < up; i++) n = load<u32>(nodeAt(n));
  return n;
}

@inline
function nodeAt(n: u32): usize {
  return nodes + n * NODE_BYTES;
}

/** Adds a child of the node under way: one more deviation, with this many preemptions in all. */
export function searchAdd(index: u32, letter: u32, argument: u32, cost: u32): void {
  if (cost > unitBound()) return;
  if (present == 0 && !shorterThan) {
    // Slices share out the first deviations.
    ordinal += 1;
    if (ordinal % unitSlices() != unitSlice()) return;
  }
  if (count == NODES_MAX) {
    truncated = true;
    return;
  }
  const at = nodeAt(count);
  store<u32>(at, present);
  store<u32>(at, index, 4);
  store<u32>(at, (letter << 24) | argument, 8);
  store<u32>(at, cost, 12);
  count += 1;
}
