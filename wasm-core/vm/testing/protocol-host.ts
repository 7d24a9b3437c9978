// A host half of kind E with the protocols of real hypervisors: flush of a preempted vCPU, wait and kick, SCHEDOP_block, alarms, vCPU states.
import { done, loadStart, machineAddress, startAp } from "./host-common";
import { block, bounce, eventDue, registerEvents, takeBlocked } from "./host-events";
import { get, irq, kick, load64, param, release, resched, rmw, set, stop, store64, timerSet, tlb, translate, vcpuOff, vcpuOn, wake } from "./host-imports";

const RIP: i32 = 0x20;
const CTL_EXIT: i32 = 0x53;
const HLTX: i64 = 2;
const INTRWIN: i64 = 64;
const EXIT_INSN: i32 = 0x70;
const RUNSTATE: i32 = 0x90;
const READY: i64 = 4;
const ENTER: i32 = 0;
const BLOCK: i32 = 1;
const OFF: i32 = 3;
const EEXIST: i64 = -17;
const ENOENT: i64 = -2;
const ALARM_VECTOR: i32 = 0x46;

/** Per vCPU. */
const unhalted: StaticArray<bool> = [false, false, false, false, false, false, false, false];
const flushDue: StaticArray<bool> = [false, false, false, false, false, false, false, false];
/** HLT may run in guest mode where no kick waits; it may at the coming entry. */
const guestHalts: StaticArray<bool> = [false, false, false, false, false, false, false, false];
const haltAllowed: StaticArray<bool> = [false, false, false, false, false, false, false, false];
const initialised: StaticArray<bool> = [false, false, false, false, false, false, false, false];
/** Machine address of the steal area; 0 = not registered. */
const stealArea: StaticArray<i64> = [0, 0, 0, 0, 0, 0, 0, 0];
/** Whether the steal area is taken by one exchange, as it must be. */
let takesAtOnce: bool = false;
/** Whether who is preempted in the middle of host work is reported as preempted. */
let reportsMidway: bool = false;
/** Whether a SIPI starts only who has been initialised. */
let needsState: bool = false;

export function abi(): i64 {
  return 0x0001000000010000;
}

export function boot(): i32 {
  return 0;
}

export function exit(vcpu: i32, reason: i32): i32 {
  if (reason == 14) return needsState && !initialised[vcpu] ? OFF : startAp(vcpu);
  if (reason == 2 && get(vcpu, EXIT_INSN) == 5) return halt(vcpu);
  if (reason == 3) return done(vcpu, 0);
  if (reason == 7) return countWindow(vcpu);
  return reason == 1 ? hypercall(vcpu, get(vcpu, 0) as i32, get(vcpu, 7), get(vcpu, 6), get(vcpu, 2)) : ENTER;
}

function hypercall(vcpu: i32, nr: i32, a: i64, b: i64, c: i64): i32 {
  const target = a as i32;
  switch (nr) {
    case 1: return flush(vcpu, a, b as i32);
    case 2:
      stealArea[target] = machineAddress(b);
      takesAtOnce = (c & 1) != 0;
      reportsMidway = (c & 2) != 0;
      break;
    // HLT exits; a: if no kick waits it then runs in guest mode.
    case 3:
      guestHalts[vcpu] = a != 0;
      set(vcpu, CTL_EXIT, get(vcpu, CTL_EXIT) | HLTX);
      break;
    // Kick of a waiter; b: the kick is kept until the waiter halts.
    case 4:
      if (b) unhalted[target] = true;
      if (wake(target)) unhalted[target] = false;
      else if (guestHalts[target]) kick(target);
      break;
    case 5:
      registerEvents(vcpu, a, b);
      break;
    case 6: return block(vcpu, a != 0);
    case 7:
      wake(target);
      break;
    case 8:
      timerSet(vcpu, 0, a, b, c as i32);
      break;
    case 9:
      stop(target);
      vcpuOff(target);
      needsState = true;
      break;
    case 10: return done(vcpu, initialise(target, machineAddress(b)));
    case 11: return done(vcpu, initialised[target] ? vcpuOn(target) : ENOENT);
    case 20: return done(vcpu, readThrough(vcpu, a, b));
    case 12:
      set(vcpu, CTL_EXIT, get(vcpu, CTL_EXIT) | INTRWIN);
      break;
  }
  return done(vcpu, 0);
}

/** Removes a page from everybody's TLB. How: 0 leaves out who runs, 1 stops who runs, 2 too, and leaves who is descheduled to enter. */
function flush(self: i32, va: i64, how: i32): i32 {
  for (let v = 0; v < (param(0) as i32); v++) {
    if (v == self) continue;
    if (get(v, RUNSTATE) == READY && how == 2) flushDue[v] = true;
    else {
      if (how) stop(v);
      tlb(v, 2, va, 0);
      if (how) release(v);
    }
  }
  tlb(self, 2, va, 0);
  return done(self, 0);
}

/** The window that was asked for: RBX counts them. */
function countWindow(vcpu: i32): i32 {
  set(vcpu, CTL_EXIT, get(vcpu, CTL_EXIT) & ~INTRWIN);
  set(vcpu, 3, get(vcpu, 3) + 1);
  return ENTER;
}

/** Reads a page for the guest, preempted between the translation and its use: 10 if the word at gpa b says so by then, + what it reads. */
function readThrough(vcpu: i32, va: i64, said: i64): i64 {
  const at = translate(vcpu, va, 0);
  resched(vcpu);
  const flag = load64(machineAddress(said));
  return flag * 10 + load64(at);
}

/** HLT: a kick that came before ends it. */
function halt(vcpu: i32): i32 {
  if (guestHalts[vcpu] && !unhalted[vcpu]) {
    haltAllowed[vcpu] = true;
    return ENTER;
  }
  done(vcpu, 0);
  if (!unhalted[vcpu]) return BLOCK;
  unhalted[vcpu] = false;
  return ENTER;
}

/** State of a vCPU that is off, once. */
function initialise(target: i32, ma: i64): i64 {
  if (initialised[target]) return EEXIST;
  initialised[target] = true;
  loadStart(target, ma);
  return 0;
}

/** HLT exits unless it was just allowed and nobody has kicked since. */
function interceptHalt(vcpu: i32): void {
  const runs = haltAllowed[vcpu] && !unhalted[vcpu];
  haltAllowed[vcpu] = false;
  set(vcpu, CTL_EXIT, runs ? get(vcpu, CTL_EXIT) & ~HLTX : get(vcpu, CTL_EXIT) | HLTX);
}

export function enter(vcpu: i32): void {
  if (guestHalts[vcpu]) interceptHalt(vcpu);
  if (flushDue[vcpu]) tlb(vcpu, 0, 0, 0);
  flushDue[vcpu] = false;
  if (stealArea[vcpu]) takeSteal(vcpu, stealArea[vcpu]);
  if (takeBlocked(vcpu) && eventDue(vcpu)) bounce(vcpu);
}

/** Who was preempted comes back: a flush that was left in the area is made. */
function takeSteal(vcpu: i32, area: i64): void {
  let left: i64 = 0;
  if (takesAtOnce) left = rmw(0x130, area, 0);
  else {
    left = load64(area);
    store64(area, 0);
  }
  if (left & 2) tlb(vcpu, 0, 0, 0);
}

export function sched(vcpu: i32, what: i32): void {
  if ((what == 0 || (what == 2 && reportsMidway)) && stealArea[vcpu]) store64(stealArea[vcpu], 1);
}

export function timer(vcpu: i32, slot: i32): void {
  irq(vcpu, ALARM_VECTOR);
}
