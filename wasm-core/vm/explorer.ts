// Choices: at every point, a planned deviation, one drawn by chance, or the default; while searching, the alternatives are noted.
import { implicitForget } from "../machine/implicit";
import { sbCount, sbDrainAll } from "../machine/storebuffer";
import { Runstate } from "../machine/vcpu";
import { apply, APPLIED_LEAVE, APPLIED_NOT, APPLIED_STAY, setDraining, setLanding, setPicking, switchTo } from "./apply";
import { chanceArrival, chanceAt, chanceHold, chancePick, chanceStart, chanceValue } from "./chance";
import { config, STRATEGY_DFS, STRATEGY_PCT, STRATEGY_REPLAY, unitStrategy } from "./config";
import { Cpu, cpuAt } from "./cpu";
import { giveBackAll } from "./delays";
import { FAIL_SCHEDULE, failBegin, failEnd } from "./failure";
import { put, putU64 } from "./text";
import { linesCreate } from "./lines";
import { offerArrivals, offerAt, offerKeep, offerLanding, offerPick, offerTables, offerValues, PRIVATE } from "./offers";
import { inspect, learn, learnImplicit, pointBuffers, pointVisible, tablesWait } from "./point";
import { WALK_POINT } from "./points";
import { END_KNOWN, END_UNFIT, run } from "./run";
import { CHOICE_VALUE, madeAdd, plannedAt, plannedTotal } from "./schedule";
import { runnable } from "./scheduler";
import { stateIsKnown, statesCreate } from "./states";
import { byChance, searchAdd, searchCreate } from "./search";

/** Points after which a vCPU lets others run: sequential cases, and searches (where only endless loops get that far). */
const QUANTUM_SEQUENTIAL: u32 = 64;
const QUANTUM_SEARCH: u32 = 1024;
const NOWHERE: u32 = 0xffff_ffff;

/** Planned deviations made so far, and the choice index of the next one. */
let cursor: u32 = 0;
let nextIndex: u32 = NOWHERE;
/** Alternatives are noted (dfs), or drawn (pct). */
let searching: bool = false;
let chance: bool = false;
/** Planned deviations that do not fit are skipped (shrinking), not an error. */
let skipping: bool = false;
/** The state that the planned deviations lead to has not been looked up. */
let unlooked: bool = false;

export function explorerCreate(): bool {
  // Boot follows no plan, whatever a unit before it left behind.
  nextIndex = NOWHERE;
  chance = false;
  searching = false;
  unlooked = false;
  return linesCreate() && searchCreate() && statesCreate();
}

/** A new schedule, with the planned deviations. */
export function explorerStart(isSearch: bool, isShrink: bool): void {
  const strategy = unitStrategy();
  cursor = 0;
  aim();
  chance = isSearch && byChance;
  searching = isSearch && (strategy == STRATEGY_DFS || strategy == STRATEGY_PCT);
  skipping = isShrink || (isSearch && strategy != STRATEGY_REPLAY);
  unlooked = searching && !chance && plannedTotal() != 0;
  if (chance) chanceStart();
}

function aim(): void {
  nextIndex = cursor < plannedTotal() ? load<u32>(plannedAt(cursor)) : NOWHERE;
}

/** Whether alternatives at this index are children of the node under way. */
@inline
function isBehind(): bool {
  return searching && !chance && nextIndex == NOWHERE && !isQuiet();
}

/** Some role is in quiet set-up. */
@inline
function isQuiet(): bool {
  return (run.quiet & ~run.released) != 0;
}

/** Behind the last planned deviation, once: the main loop, where no thread runs, has to look whether the state is known. */
@inline
export function mustLook(): bool {
  return unlooked && nextIndex == NOWHERE;
}

/** Looks; a known state ends the schedule. */
export function look(): void {
  unlooked = false;
  if (stateIsKnown()) run.end = END_KNOWN;
}

/** Makes the planned deviation that is due at this index. */
function takePlanned(c: Cpu, index: u32): u32 {
  const at = plannedAt(cursor);
  cursor += 1;
  aim();
  const done = apply(c, index, load<u32>(at, 4), load<u32>(at, 8));
  if (done == APPLIED_NOT && !skipping) unfit(c);
  return done;
}

function unfit(c: Cpu): void {
  failEntry(c, cursor, " is not possible where it says so");
}

/** The planned deviation that has not come before the schedule's end is an error of a replay. */
export function failLeftOver(): void {
  failEntry(cpuAt(0), cursor + 1, " lies behind the end");
}

function failEntry(c: Cpu, entry: u32, why: string): void {
  failBegin(FAIL_SCHEDULE, -1, c, 0);
  put("the schedule does not fit the case: entry ");
  putU64(entry);
  put(why);
  failEnd();
  run.end = END_UNFIT;
}

/** The schedule has ended: planned deviations that never came are an error of a replay. */
export function leftOver(): bool {
  return nextIndex != NOWHERE && !skipping;
}

/** At a point of the running CPU: true = its instruction executes now. */
export function decide(c: Cpu, id: u32, args: usize): bool {
  for (;;) {
    if (searching) inspect(c, id, args);
    const index = run.decisions;
    run.decisions = index + 1;
    let done = APPLIED_NOT;
    if (index == nextIndex) done = takePlanned(c, index);
    else if (chance) done = isQuiet() ? APPLIED_NOT : chanceAt(c, index, id);
    else if (isBehind()) offerAt(c, index, id, args);
    if (done == APPLIED_LEAVE) return false;
    if (done == APPLIED_STAY) continue;
    return defaultAt(c);
  }
}

/** An interrupt (or NMI) or a kick is due on this vCPU: true = it lands at this boundary, as it does by default. */
export function lands(c: Cpu, letter: u32): bool {
  const index = run.decisions;
  run.decisions = index + 1;
  let done = APPLIED_NOT;
  setLanding(letter);
  if (index == nextIndex) done = takePlanned(c, index);
  else if (chance) done = isQuiet() ? APPLIED_NOT : chanceHold(c, index, letter);
  setLanding(0);
  if (!chance && isBehind()) searchAdd(index, letter, c.index, run.preemptions + 1);
  return done == APPLIED_NOT;
}

/** A delivery reads the IDT, GDT and TSS: stores to them that wait in other buffers may become visible before. */
export function decideDelivery(c: Cpu): void {
  implicitForget();
  while (anyTablesWait(c)) {
    const index = run.decisions;
    run.decisions = index + 1;
    let done = APPLIED_NOT;
    setDraining(true);
    if (index == nextIndex) done = takePlanned(c, index);
    setDraining(false);
    if (!chance && isBehind()) offerTables(c, index);
    if (done != APPLIED_STAY) return;
  }
}

function anyTablesWait(c: Cpu): bool {
  for (let i: u32 = 0; i < config.vcpus; i++) if (tablesWait(c, cpuAt(i))) return true;
  return false;
}

/** Behind a locked step of a walk that a delivery or a transfer of control makes: true = it goes on now. */
export function decideWalk(c: Cpu): bool {
  return decide(c, WALK_POINT, 0);
}

/** What an instruction or a delivery has touched beside its operand is learnt. */
export function implicitTouched(c: Cpu): void {
  if (searching) learnImplicit(c);
}

/** Between two private instructions only arrivals make a difference. */
export function decideFine(c: Cpu): void {
  const index = run.decisions;
  run.decisions = index + 1;
  if (index == nextIndex) takePlanned(c, index);
  else if (chance) chanceArrival(c, index);
  else if (isBehind()) {
    offerArrivals(c, index, PRIVATE);
    offerLanding(c, index);
  }
}

function defaultAt(c: Cpu): bool {
  c.points += 1;
  const limit = run.sequential ? QUANTUM_SEQUENTIAL : QUANTUM_SEARCH;
  if (!c.yielded && c.points <= limit) {
    if (!searching) return true;
    learn();
    if (pointVisible || pointBuffers) c.visible += 1;
    return true;
  }
  if (!c.yielded) {
    drainSleepers(c.points > limit);
    giveBackAll();
  }
  c.yielded = 0;
  c.points = 0;
  const other = nextAfter(c);
  if (other < 0) {
    if (searching) learn();
    return true;
  }
  switchTo(other);
  return false;
}

/** The next runnable CPU after this one in a circle, -1 if no other is. */
export function nextAfter(c: Cpu): i32 {
  for (let i: u32 = 1; i < config.vcpus; i++) {
    const other = (c.index + i) % config.vcpus;
    if (runnable(cpuAt(other))) return other;
  }
  return -1;
}

/** Every store becomes visible in the end: those of vCPUs that do nothing, or (whoever spins without pausing) of all. */
export function drainSleepers(everybody: bool): void {
  for (let i: u32 = 0; i < config.vcpus; i++) {
    const v = cpuAt(i).vcpu;
    if (sbCount(v) && (everybody || v.runstate != Runstate.GUEST)) sbDrainAll(v);
  }
}

/** The running CPU cannot run: the lowest that can is next. False = nobody can. */
export function pickNext(): bool {
  for (;;) {
    const index = run.decisions;
    run.decisions = index + 1;
    const here = cpuAt(run.current);
    let done = APPLIED_NOT;
    setPicking(true);
    if (index == nextIndex) done = takePlanned(here, index);
    else if (chance) done = chancePick(here, index);
    setPicking(false);
    if (done == APPLIED_STAY) continue;
    if (done != APPLIED_NOT) return true;
    const lowest = lowestRunnable();
    if (!chance && isBehind()) offerPick(index, lowest);
    if (lowest < 0) {
      if (giveBackAll()) continue;
      return false;
    }
    switchTo(lowest);
    return true;
  }
}

/** A descheduled CPU could run again: true = at once, as it does by default. Others come first for free. */
export function staysWith(c: Cpu): bool {
  const index = run.decisions;
  run.decisions = index + 1;
  let done = APPLIED_NOT;
  setPicking(true);
  if (index == nextIndex) done = takePlanned(c, index);
  else if (chance) done = chancePick(c, index);
  setPicking(false);
  if (!chance && isBehind()) {
    offerPick(index, c.index);
    offerKeep(c, index);
  }
  return done == APPLIED_NOT;
}

function lowestRunnable(): i32 {
  for (let i: u32 = 0; i < config.vcpus; i++) if (runnable(cpuAt(i))) return i;
  return -1;
}

/** test.choose, host.choose: a value below n, by default 0. */
export function choose(c: Cpu, n: u32): u64 {
  const index = run.decisions;
  run.decisions = index + 1;
  let value: u32 = 0;
  if (index == nextIndex) {
    const at = plannedAt(cursor);
    cursor += 1;
    aim();
    if (load<u32>(at, 4) == CHOICE_VALUE && load<u32>(at, 8) < n) value = load<u32>(at, 8);
    else if (!skipping) unfit(c);
  } else if (chance) value = chanceValue(n);
  else if (isBehind()) offerValues(index, n);
  if (value) madeAdd(index, CHOICE_VALUE, value);
  return value;
}
