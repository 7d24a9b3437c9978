// A unit: schedules tried one after another from the boot snapshot, the first failure shrunk and replayed with its trace.
//
//   SEARCH ──failed──▶ SHRINK (drop deviations while it still fails) ──▶ FINAL (trace on) ──▶ outcome
//      │                  └─found by chance─▶ SHORTER (search below it) ──────▲
//      └──nothing left or budget gone──────────────────────────────────────────────────────▶ outcome
import { snapshotRestore } from "../memory/snapshot";
import { audit } from "./audit";
import {
  ARRIVALS_MAX,
  config,
  FLAG_SEQUENTIAL,
  FLAG_TRACE,
  ROLES_MAX,
  STRATEGY_DFS,
  STRATEGY_PCT,
  STRATEGY_REPLAY,
  STRATEGY_RR,
  unitBound,
  unitArrivals,
  unitCase,
  unitFlags,
  unitRoles,
  unitScheduleLength,
  unitSlice,
  unitSlices,
  unitStrategy,
  unitVcpuOfRole,
} from "./config";
import { enterRole } from "./contexts";
import { costsCount } from "./costs";
import { cpuAt } from "./cpu";
import { refuse, refuseNumber } from "./errors";
import { explorerStart, failLeftOver, leftOver, pickNext } from "./explorer";
import { failureKey, notesClear } from "./failure";
import { kernelRun } from "./link";
import { Result, result, writeOutcome } from "./outcome";
import { outcomeKeep, outcomesForget, outcomeStart } from "./outcome-set";
import { END_FAILED, END_KNOWN, END_NONE, END_NOT_OFFERED, END_OK, END_UNFIT, run } from "./run";
import { DEVIATION_BYTES, DEVIATIONS_MAX, madeAt, madeClear, madeTotal, plannedAdd, plannedClear, scheduleParse, schedulePrint } from "./schedule";
import { scheduleRun } from "./scheduler";
import { byChance, searchBegin, searchNext, searchShorter, searchShorterNext, searchTried } from "./search";
import { traceRecord } from "./trace";

const PHASE_IDLE: u32 = 0;
const PHASE_SEARCH: u32 = 1;
const PHASE_SHRINK: u32 = 2;
const PHASE_SHORTER: u32 = 3;
const PHASE_FINAL: u32 = 4;

/** Most schedules that shrinking tries. */
const SHRINK_MAX: u32 = 400;

let phase: u32 = PHASE_IDLE;
let running: bool = false;
let shrinkAt: i32 = 0;
let shrinkTried: u32 = 0;
let failedKey: u32 = 0;
/** Deviations of the smallest schedule that fails. */
const best: usize = memory.data(6144, 4);
let bestCount: u32 = 0;

/** Checks the unit and prepares its search; 0, or the refusal. */
export function unitBegin(schedule: usize): u32 {
  phase = PHASE_IDLE;
  const problem = checkUnit();
  if (problem) return problem;
  plannedClear();
  if (unitStrategy() == STRATEGY_REPLAY) {
    const unfit = scheduleParse(schedule, unitScheduleLength());
    if (unfit) return unfit;
  }
  outcomesForget();
  memory.fill(changetype<usize>(result), 0, offsetof<Result>());
  result.notOffered = -1;
  result.bound = unitStrategy() == STRATEGY_DFS || unitStrategy() == STRATEGY_PCT ? unitBound() : 0;
  searchBegin();
  phase = PHASE_SEARCH;
  running = false;
  return 0;
}

function checkUnit(): u32 {
  const roles = unitRoles();
  if (roles < 1 || roles > ROLES_MAX) return refuseNumber("E_UNIT", "a case has 1 to 8 roles, not ", roles, "");
  if (unitStrategy() > STRATEGY_REPLAY) return refuseNumber("E_UNIT", "there is no strategy ", unitStrategy(), ": 0 rr, 1 dfs, 2 pct, 3 replay");
  if (unitArrivals() > ARRIVALS_MAX) return refuseNumber("E_UNIT", "a case has at most 8 arrivals, not ", unitArrivals(), "");
  if (unitSlice() >= unitSlices()) return refuse("E_UNIT", -1, "the slice index must be smaller than the slice count");
  snapshotRestore();
  for (let role: u32 = 0; role < roles; role++) {
    const vcpu = unitVcpuOfRole(role);
    if (vcpu >= config.vcpus) return refuseNumber("E_UNIT", "there is no vCPU ", vcpu, " for a role");
    if (!cpuAt(vcpu).parked) return refuseNumber("E_UNIT", "boot did not bring up vCPU ", vcpu, ", which a role needs");
    for (let other: u32 = 0; other < role; other++) {
      if (unitVcpuOfRole(other) == vcpu) return refuseNumber("E_UNIT", "two roles run on vCPU ", vcpu, "");
    }
  }
  return 0;
}

/** Runs the unit for at most `fuel` instructions; true when the outcome is written. */
export function unitRun(fuel: u32): bool {
  if (phase == PHASE_IDLE) return true;
  let left: i64 = fuel;
  while (phase != PHASE_IDLE) {
    if (left <= 0) return false;
    if (!running) start();
    if (phase == PHASE_IDLE) break;
    const before = run.fuelUsed;
    const ended = scheduleRun(left);
    // A schedule costs a little even if its roles do nothing.
    left -= run.fuelUsed - before + (ended ? 200 : 0);
    if (ended) scheduleEnded();
  }
  return true;
}

/** Starts the next schedule of the phase, or ends the unit. */
function start(): void {
  if (phase == PHASE_SEARCH && !searchNext()) return finish();
  if (phase == PHASE_SHORTER && !searchShorterNext()) beginFinal();
  running = true;
  snapshotRestore();
  madeClear();
  outcomeStart();
  notesClear();
  const first = phase == PHASE_SEARCH && searchTried() == 1;
  traceRecord(phase == PHASE_FINAL || (unitFlags() & FLAG_TRACE) != 0);
  run.end = END_NONE;
  run.booting = 0;
  run.fuelUsed = 0;
  run.fuelMax = config.fuelSchedule;
  run.decisions = 0;
  run.sequential = unitStrategy() == STRATEGY_RR || (unitFlags() & FLAG_SEQUENTIAL) != 0 ? 1 : 0;
  run.rolesLeft = unitRoles();
  run.deadlineDirty = 1;
  if (first) costsCount(true);
  explorerStart(phase == PHASE_SEARCH || phase == PHASE_SHORTER, phase == PHASE_SHRINK);
  for (let role: u32 = 0; role < unitRoles(); role++) enterRole(cpuAt(unitVcpuOfRole(role)), kernelRun, unitCase(), role);
  run.current = unitVcpuOfRole(0);
  if (run.end == END_NONE) pickNext();
}

function scheduleEnded(): void {
  running = false;
  result.fuel += run.fuelUsed;
  if (run.end == END_OK && leftOver()) {
    failLeftOver();
  }
  if (run.end == END_OK) audit();
  costsCount(false);
  if (phase == PHASE_SEARCH) searchEnded();
  else if (phase == PHASE_SHRINK) shrinkEnded();
  else if (phase == PHASE_SHORTER) shorterEnded();
  else {
    result.steps = run.decisions;
    schedulePrint();
    finish();
  }
}

function searchEnded(): void {
  if (run.end == END_OK) {
    outcomeKeep();
    return;
  }
  if (run.end == END_KNOWN) return;
  result.tried = searchTried();
  if (run.end == END_NOT_OFFERED) {
    result.notOffered = run.notOffered;
    return finish();
  }
  if (run.end == END_UNFIT) {
    result.failed = 1;
    return finish();
  }
  result.failed = 1;
  failedKey = failureKey();
  keepBest();
  shrinkAt = <i32>bestCount - 1;
  shrinkTried = 0;
  phase = unitStrategy() == STRATEGY_REPLAY || bestCount == 0 ? PHASE_FINAL : PHASE_SHRINK;
  planBest(phase == PHASE_SHRINK ? shrinkAt : -1);
}

/** One deviation was left out: keep what it became if it fails in the same way, then try the next. */
function shrinkEnded(): void {
  shrinkTried += 1;
  if (run.end == END_FAILED && failureKey() == failedKey && madeTotal() < bestCount) {
    keepBest();
    if (shrinkAt > <i32>bestCount) shrinkAt = bestCount;
  }
  shrinkAt -= 1;
  if (shrinkAt >= 0 && shrinkTried < SHRINK_MAX) return planBest(shrinkAt);
  // The systematic search meets short schedules first; what chance met may have a shorter one beside it.
  if (!byChance || bestCount < 2) return beginFinal();
  phase = PHASE_SHORTER;
  searchShorter(bestCount);
}

/** One schedule with fewer deviations has run: the first that fails in the same way is the shortest. */
function shorterEnded(): void {
  if (run.end != END_FAILED || failureKey() != failedKey) return;
  keepBest();
  beginFinal();
}

function beginFinal(): void {
  phase = PHASE_FINAL;
  planBest(-1);
}

function keepBest(): void {
  bestCount = madeTotal() < DEVIATIONS_MAX ? madeTotal() : DEVIATIONS_MAX;
  memory.copy(best, madeAt(0), bestCount * DEVIATION_BYTES);
}

/** Plans the best schedule without deviation `skip` (-1: whole). */
function planBest(skip: i32): void {
  plannedClear();
  for (let i: u32 = 0; i < bestCount; i++) {
    const at = best + i * DEVIATION_BYTES;
    if (<i32>i != skip) plannedAdd(load<u32>(at), load<u32>(at, 4), load<u32>(at, 8));
  }
}

function finish(): void {
  traceRecord(false);
  if (!result.tried) result.tried = searchTried();
  phase = PHASE_IDLE;
  writeOutcome();
}
