// The loop that runs a machine: whose turn it is, one turn at a time, until the schedule ends or the slice of fuel is used up.
import { RAN_HOST, RAN_RETURNED, RAN_TRAP, threadRun } from "../engine/index";
import { asThread } from "../engine/thread";
import { machine } from "../machine/machine";
import { hasWork } from "../machine/interrupts";
import { sbCount } from "../machine/storebuffer";
import { advance } from "../machine/time";
import { expireDue, NEVER, nextDeadline } from "../machine/timers";
import { Runstate } from "../machine/vcpu";
import { bootAtRest } from "./boot";
import { FLAG_FINE, unitFlags } from "./config";
import { enterCallCode, enterOp, entryReturned } from "./contexts";
import { countHost, countSettle } from "./costs";
import { Cpu, cpuAt, LEAVE_CODE, LEAVE_EXIT, LEAVE_FAULT, LEAVE_JUMP, LEAVE_NONE, LEAVE_OP } from "./cpu";
import { deliverFault, eventDue, jumped, serveEvent } from "./events";
import { decideFine, look, mustLook, pickNext, staysWith } from "./explorer";
import { failTrap } from "./fail-thread";
import { HostOp } from "./imports";
import { hostThread } from "./link";
import { beginEntry, exitGuest, hostReturned, inGuest, returnDrains, startHostCall } from "./lock";
import { migrationGoesOn } from "./migration";
import { planDeadline, planServe } from "./plan";
import { hostPoint } from "./points";
import { END_NONE, END_OK, NESTED_AWAY, NESTED_DUE, run } from "./run";
import { leaveHostWork, returnToHostWork } from "./steal";
import { stuckDeadlock, stuckFuel, stuckLivelock } from "./stuck";
import { timersServe, timersWait } from "./timers";

/** Fuel left of the present slice: how long the caller wants to wait. Not state of the machine. */
export let sliceLeft: i64 = 0;
/** The thread's fuel when it was last looked at. */
let fuelSeen: i64 = 0;

/** Runs until the schedule ends (true) or `slice` is used up (false). */
export function scheduleRun(slice: i64): bool {
  sliceLeft = slice;
  while (run.end == END_NONE) {
    if (sliceLeft <= 0) return false;
    if (run.fuelUsed >= run.fuelMax) stuckFuel();
    else turn();
  }
  countSettle();
  return true;
}

/** Yields by pause without anything else happening, after which time goes on to the next deadline. */
export const IDLE_YIELDS: u32 = 256;
/** As many without a deadline to go to are a livelock; loops that give up by themselves do so earlier (Linux spins 1 << 15 times). */
const LIVELOCK_YIELDS: u32 = 80_000;

function turn(): void {
  if (run.resume) return resumeTurn();
  if (mustLook()) {
    look();
    if (run.end != END_NONE) return;
  }
  if (machine.now >= run.deadline || run.deadlineDirty) clockPoint();
  if (run.idleYields >= IDLE_YIELDS) {
    if (run.deadline != NEVER) {
      run.idleYields = 0;
      return idle();
    }
    if (run.idleYields >= LIVELOCK_YIELDS) return stuckLivelock();
  }
  if (!run.hostActive) {
    if (run.migration && !run.queueCount) migrationGoesOn();
    if (run.queueCount) return startHostCall();
  }
  const c = cpuAt(run.current);
  if (!runnable(c)) {
    if (!pickNext()) idle();
    return;
  }
  if (run.hostActive && run.hostCpu == c.index) return hostTurn(c);
  const state = c.vcpu.runstate;
  if (state == Runstate.READY) return scheduleIn(c);
  if (serveEvent(c)) return;
  if (inGuest(c)) guestTurn(c);
}

/** A slice ended between two points: nothing may come between that would not have come without it. */
function resumeTurn(): void {
  run.resume = 0;
  const c = cpuAt(run.current);
  if (run.hostActive && run.hostCpu == c.index) return hostTurn(c);
  if (isFine(c) && !finePoint(c)) return;
  guestTurn(c);
}

/** Whether interrupts are also searched between the private instructions of this vCPU. */
function isFine(c: Cpu): bool {
  return (unitFlags() & FLAG_FINE) != 0 && c.role >= 0 && run.booting == 0;
}

/** Between two private instructions: true = the next one executes; false = an event came first, and its handler runs. */
function finePoint(c: Cpu): bool {
  decideFine(c);
  return !eventDue(c) || !serveEvent(c);
}

/** Whether a turn of this CPU would do something. */
export function runnable(c: Cpu): bool {
  if (c.kept) return false;
  if (run.hostActive && run.hostCpu == c.index) return run.hostWaits < 0 || !inGuest(cpuAt(run.hostWaits));
  switch (c.vcpu.runstate) {
    case Runstate.GUEST:
      return c.barrier < 0 || c.stopWanted != 0 || c.vcpu.pending_kick != 0;
    case Runstate.HALTED:
      return hasWork(c.vcpu) || c.stopWanted != 0 || c.vcpu.pending_kick != 0;
    case Runstate.READY:
      return !c.leaving && c.planSteal <= machine.now;
    case Runstate.BLOCKED:
    case Runstate.HOST:
      return false;
    default:
      return c.vcpu.startup_pending != 0;
  }
}

/** Timers and planned events whose time has come. */
export function clockPoint(): void {
  if (machine.now >= run.deadline) {
    planServe();
    expireDue();
  }
  if (timersWait()) timersServe();
  run.deadline = min(nextDeadline(), planDeadline());
  run.deadlineDirty = 0;
}

/** Nobody can run: time goes to the next deadline, or it is a deadlock. */
function idle(): void {
  if (run.booting && bootAtRest()) {
    run.end = END_OK;
    return;
  }
  run.deadline = min(nextDeadline(), planDeadline());
  if (run.deadline == NEVER) return stuckDeadlock();
  if (run.deadline > machine.now) advance(run.deadline - machine.now);
  // Timers may be periodic for ever with nobody who wakes.
  run.fuelUsed += 64;
}

/** It runs again: the host half that looks at it could come before its next instruction. */
function scheduleIn(c: Cpu): void {
  if (!comesBack(c)) return;
  c.visible = 1;
  beginEntry(c);
}

/** A descheduled vCPU could run again: true = what was stolen from it is over, false = others come first. */
function comesBack(c: Cpu): bool {
  if (!c.readyAsked) {
    c.readyAsked = 1;
    if (!staysWith(c)) return false;
  }
  c.readyAsked = 0;
  if (c.stolen) {
    advance(c.stolen);
    c.stolen = 0;
  }
  run.deadlineDirty = 1;
  return true;
}

function grant(t: usize, most: i64): i64 {
  const left = min(run.fuelMax - run.fuelUsed, most);
  const fuel = left < sliceLeft ? left : sliceLeft;
  asThread(t).fuel = fuel;
  fuelSeen = fuel;
  return fuel;
}

/** Accounts the instructions that a thread has executed since this was last called. */
export function settleFuel(t: usize): i64 {
  const used = fuelSeen - asThread(t).fuel;
  fuelSeen = asThread(t).fuel;
  run.fuelUsed += used;
  sliceLeft -= used;
  if (run.sequential) advance(used);
  return used;
}

function guestTurn(c: Cpu): void {
  // One instruction at a time: whether a slice ends there makes no difference.
  grant(c.thread, isFine(c) ? 1 : i64.MAX_VALUE);
  c.leave = LEAVE_NONE;
  const ran = threadRun(c.thread);
  c.instructions += settleFuel(c.thread);
  if (ran == RAN_RETURNED) return entryReturned(c);
  if (ran == RAN_TRAP) return failTrap(c, c.thread);
  if (ran != RAN_HOST) {
    run.resume = 1;
    return;
  }
  switch (c.leave) {
    case LEAVE_FAULT:
      return deliverFault(c);
    case LEAVE_EXIT:
      return exitGuest(c);
    case LEAVE_JUMP:
      return jumped(c);
    case LEAVE_OP:
      return enterOp(c);
    case LEAVE_CODE:
      return enterCallCode(c);
  }
}

function hostTurn(c: Cpu): void {
  if (run.hostLeaving) return hostLeft(c);
  if (run.hostNested == NESTED_DUE) return leaveHostWork(c);
  if (run.hostNested == NESTED_AWAY) {
    if (comesBack(c)) returnToHostWork(c);
    return;
  }
  grant(hostThread, i64.MAX_VALUE);
  const ran = threadRun(hostThread);
  countHost(c, settleFuel(hostThread));
  if (ran == RAN_RETURNED) return hostLeft(c);
  if (ran == RAN_TRAP) return failTrap(c, hostThread);
  if (ran != RAN_HOST) run.resume = 1;
}

/** The host half's function returned. Guest entry drains its stores: a point like that of mfence. */
function hostLeft(c: Cpu): void {
  run.hostLeaving = 1;
  if (returnDrains() && sbCount(c.vcpu) && !hostPoint(c, HostOp.mfence, 0)) return;
  run.hostLeaving = 0;
  hostReturned();
}

