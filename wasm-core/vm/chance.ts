// Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte: "A Randomized Scheduler with Probabilistic
// Guarantees of Finding Bugs", ASPLOS 2010): random priorities, lowered at d − 1 random points. Drawn from the unit's seed.
import { mix } from "../machine/frames";
import { MachineOp } from "../machine/ops";
import { apply, APPLIED_NOT, taken } from "./apply";
import { config, FLAG_EARLY, FLAG_STEAL, unitArrival, unitArrivals, unitBound, unitFlags, unitSeed, unitSlice } from "./config";
import { Cpu, cpuAt } from "./cpu";
import { pendingEvent } from "../machine/interrupts";
import { isHeld } from "./delays";
import { wouldSee } from "./offers";
import { pointStealable } from "./point";
import { HOST_POINT, WALK_POINT } from "./points";
import { run } from "./run";
import { CHOICE_ARRIVAL, CHOICE_DRAIN, CHOICE_HOIST, CHOICE_INTERRUPT, CHOICE_KICK, CHOICE_STEAL, CHOICE_SWITCH, madeTotal } from "./schedule";
import { runnable } from "./scheduler";
import { searchTried } from "./search";

const CHANGES_MAX: u32 = 8;
const LENGTH_MIN: u32 = 32;
/** Deviations of one schedule, so that its string stays below 4 KiB; then the default goes on. */
const DRAWN_MAX: u32 = 360;
/** Of so many worthwhile points, one has a steal or an arrival. */
const RARITY: u64 = 16;
/** Of so many boundaries, what is held back lands at one. */
const LANDING: u64 = 4;

/** Priority per vCPU: larger runs first. */
const priorities: usize = memory.data(64, 8);
/** Choice indices at which the running vCPU's priority drops. */
const changes: usize = memory.data(32, 4);
let changeCount: u32 = 0;
let lowest: i64 = 0;
let state: u64 = 0;
/** Decisions of the longest schedule so far: where the changes are drawn from. */
let length: u32 = LENGTH_MIN;

function draw(n: u64): u64 {
  state = mix(state);
  return n ? state % n : 0;
}

/** A new unit: nothing is known of how long its schedules are. */
export function chanceForget(): void {
  length = LENGTH_MIN;
}

/** A new schedule: n priorities, and d − 1 points at which whoever runs gets the i-th lowest one. */
export function chanceStart(): void {
  state = unitSeed() ^ (<u64>searchTried() << 32) ^ unitSlice();
  lowest = -<i64>CHANGES_MAX;
  for (let i: u32 = 0; i < config.vcpus; i++) store<i64>(priorities + (i << 3), <i64>(1 + draw(1 << 30)));
  const depth = unitBound();
  changeCount = depth < 1 ? 0 : depth > CHANGES_MAX ? CHANGES_MAX : depth - 1;
  for (let i: u32 = 0; i < changeCount; i++) store<u32>(changes + (i << 2), <u32>draw(length));
}

@inline
function isFull(): bool {
  return madeTotal() >= DRAWN_MAX;
}

/** Below everybody: it waits for somebody else. */
function lower(c: Cpu): void {
  lowest -= 1;
  store<i64>(priorities + (c.index << 3), lowest);
}

/** The runnable CPU of the highest priority, -1 if none is. */
function best(): i32 {
  let found = -1;
  for (let i: u32 = 0; i < config.vcpus; i++) {
    if (!runnable(cpuAt(i))) continue;
    if (found < 0 || load<i64>(priorities + (i << 3)) > load<i64>(priorities + (found << 3))) found = i;
  }
  return found;
}

/** Draws the choice at a point; what it answers is apply's. */
export function chanceAt(c: Cpu, index: u32, id: u32): u32 {
  if (index > length) length = index;
  if (isFull()) return APPLIED_NOT;
  for (let i: u32 = 0; i < changeCount; i++) if (load<u32>(changes + (i << 2)) == index) store<i64>(priorities + (c.index << 3), -<i64>i);
  for (let i: u32 = 0; i < config.vcpus; i++) {
    if (i != c.index && wouldSee(c, cpuAt(i)) && draw(2)) return apply(c, index, CHOICE_DRAIN, i);
  }
  if (!(id & (HOST_POINT | WALK_POINT))) {
    if (unitFlags() & FLAG_STEAL && pointStealable && !c.middle && draw(RARITY) == 0) return apply(c, index, CHOICE_STEAL, c.index);
    if (unitFlags() & FLAG_EARLY && id == <u32>MachineOp.rdtsc && c.loads && !c.early && draw(2)) {
      return apply(c, index, CHOICE_HOIST, 1 + <u32>draw(c.loads));
    }
    const landed = chanceLanding(c, index);
    if (landed != APPLIED_NOT) return landed;
    const arrived = chanceArrival(c, index);
    if (arrived != APPLIED_NOT) return arrived;
  }
  if (c.yielded) {
    lower(c);
    return APPLIED_NOT;
  }
  const other = best();
  return other < 0 || <u32>other == c.index ? APPLIED_NOT : apply(c, index, CHOICE_SWITCH, other);
}

/** Draws whether something arrives at this vCPU now. */
export function chanceArrival(c: Cpu, index: u32): u32 {
  if (isFull()) return APPLIED_NOT;
  for (let k: u32 = 0; k < unitArrivals(); k++) {
    if (unitArrival(k, 2) == c.index && taken(k) < unitArrival(k, 3) && draw(RARITY) == 0) return apply(c, index, CHOICE_ARRIVAL, k);
  }
  return APPLIED_NOT;
}

/** Draws whether what is due on this vCPU is held back. */
export function chanceHold(c: Cpu, index: u32, letter: u32): u32 {
  return !isFull() && draw(RARITY) == 0 ? apply(c, index, letter, c.index) : APPLIED_NOT;
}

/** Draws whether what is held back lands now. */
function chanceLanding(c: Cpu, index: u32): u32 {
  if (isHeld(c) && pendingEvent(c.vcpu) >= 0 && draw(LANDING) == 0) return apply(c, index, CHOICE_INTERRUPT, c.index);
  if (c.kickIn && c.vcpu.pending_kick && draw(LANDING) == 0) return apply(c, index, CHOICE_KICK, c.index);
  return APPLIED_NOT;
}

/** Draws who is next where the running CPU cannot go on. */
export function chancePick(c: Cpu, index: u32): u32 {
  if (isFull()) return APPLIED_NOT;
  const other = best();
  for (let i: u32 = 0; i < config.vcpus; i++) {
    if (!runnable(cpuAt(i))) continue;
    return <i32>i == other ? APPLIED_NOT : apply(c, index, CHOICE_SWITCH, other);
  }
  return APPLIED_NOT;
}

export function chanceValue(n: u32): u32 {
  return isFull() ? 0 : <u32>draw(n);
}
