// The worthwhile alternatives at a point: each becomes a child of the schedule under way.
import { deliversInterrupts, machine } from "../machine/machine";
import { sbCount } from "../machine/storebuffer";
import { NEVER } from "../machine/timers";
import { Ctl, interruptsEnabled, Runstate } from "../machine/vcpu";
import { MachineOp } from "../machine/ops";
import { pendingEvent } from "../machine/interrupts";
import { taken } from "./apply";
import { isHeld } from "./delays";
import { HostOp } from "./imports";
import { ARRIVAL_MIGRATION, config, FLAG_EARLY, FLAG_EVICT, FLAG_STEAL, FLAG_TIME, FLAG_UNREDUCED, unitArrival, unitArrivals, unitFlags } from "./config";
import { Cpu, cpuAt } from "./cpu";
import { bufferHolds, buffersMeet, tablesShared } from "./lines";
import { momentOf } from "./early";
import { nextAfter } from "./explorer";
import { implicitWaits, inspectStale, pointDrains, pointMa, pointMa2, pointMeetsHost, pointSlot, pointStealable, pointVisible, pointWalks, tablesWait } from "./point";
import { HOST_POINT, WALK_POINT } from "./points";
import { run } from "./run";
import {
  CHOICE_ARRIVAL, CHOICE_DRAIN, CHOICE_EVICT, CHOICE_HOIST, CHOICE_INTERRUPT, CHOICE_KICK, CHOICE_RETURN, CHOICE_STEAL, CHOICE_SWITCH, CHOICE_TIME, CHOICE_VALUE,
} from "./schedule";
import { runnable } from "./scheduler";
import { searchAdd } from "./search";

/** Notes the alternatives before instruction `id` of the running CPU. */
export function offerAt(c: Cpu, index: u32, id: u32, args: usize): void {
  const inHost = (id & HOST_POINT) != 0;
  const all = (unitFlags() & FLAG_UNREDUCED) != 0;
  if (c.yielded) offerYield(c, index);
  else if (all || ((pointVisible || mayDeliver(c, inHost)) && c.visible)) offerSwitches(c, index);
  for (let i: u32 = 0; i < config.vcpus; i++) {
    if (all ? sbCount(cpuAt(i).vcpu) != 0 : i != c.index && wouldSee(c, cpuAt(i))) searchAdd(index, CHOICE_DRAIN, i, run.preemptions);
  }
  if (id == WALK_POINT) return;
  if (inHost) {
    if (id == (HOST_POINT | <u32>HostOp.resched) && unitFlags() & FLAG_STEAL) searchAdd(index, CHOICE_STEAL, c.index, run.preemptions + 1);
    return;
  }
  offerLanding(c, index);
  if (unitArrivals()) offerArrivals(c, index, id);
  const flags = unitFlags();
  if (flags & FLAG_STEAL) offerSteals(c, index);
  if (flags & FLAG_EVICT && pointSlot >= 0 && (all || inspectStale(c, addressOf(id, args)))) {
    searchAdd(index, CHOICE_EVICT, (c.index << 16) | pointSlot, run.preemptions);
  }
  if (flags & FLAG_EARLY && id == <u32>MachineOp.rdtsc && !c.early) offerHoists(c, index);
  if (flags & FLAG_TIME && run.deadline != NEVER && run.deadline > machine.now) searchAdd(index, CHOICE_TIME, 0, run.preemptions);
}

/** RDTSC before loads: each of the moments that differ. */
function offerHoists(c: Cpu, index: u32): void {
  let later = machine.now;
  for (let n: u32 = 1; n <= c.loads; n++) {
    if (momentOf(c, n) == later && !(unitFlags() & FLAG_UNREDUCED)) continue;
    later = momentOf(c, n);
    searchAdd(index, CHOICE_HOIST, n, run.preemptions);
  }
}

/** An interrupt may come here, and read tables that others write. */
function mayDeliver(c: Cpu, inHost: bool): bool {
  return !inHost && tablesShared(c.index) && (unitArrivals() != 0 || isHeld(c));
}

/** Of the running vCPU where it matters; of another where its hook's stores meet this access, and once blindly to learn them. */
function offerSteals(c: Cpu, index: u32): void {
  if (pointStealable && !c.middle) searchAdd(index, CHOICE_STEAL, c.index, run.preemptions + 1);
  const blind = pointVisible && !run.stealsOffered;
  if (blind) run.stealsOffered = 1;
  for (let i: u32 = 0; i < config.vcpus; i++) {
    if (i == c.index || cpuAt(i).role < 0 || cpuAt(i).vcpu.runstate != Runstate.GUEST || cpuAt(i).middle) continue;
    if (blind || (pointVisible && pointMeetsHost(i))) searchAdd(index, CHOICE_STEAL, i, run.preemptions + 1);
  }
}

/** What is held back could land at this boundary. */
export function offerLanding(c: Cpu, index: u32): void {
  if (isHeld(c) && pendingEvent(c.vcpu) >= 0) searchAdd(index, CHOICE_INTERRUPT, c.index, run.preemptions);
  if (c.kickIn && c.vcpu.pending_kick) searchAdd(index, CHOICE_KICK, c.index, run.preemptions);
}

/** A stolen vCPU that would come back could be kept off its CPU. */
export function offerKeep(c: Cpu, index: u32): void {
  if (unitFlags() & FLAG_STEAL && c.stolen && !c.kept) searchAdd(index, CHOICE_RETURN, c.index, run.preemptions + 1);
}

function addressOf(id: u32, args: usize): u64 {
  const second = id >= <u32>MachineOp.rmw && id != <u32>MachineOp.fill;
  return second ? load<u64>(args, 8) : load<u64>(args);
}

function offerSwitches(c: Cpu, index: u32): void {
  for (let i: u32 = 0; i < config.vcpus; i++) {
    if (i == c.index) continue;
    if (runnable(cpuAt(i))) searchAdd(index, CHOICE_SWITCH, i, run.preemptions + 1);
    else if (cpuAt(i).kept) searchAdd(index, CHOICE_RETURN, i, run.preemptions + 1);
  }
}

/** pause gives way for free: to anybody but the default one. */
function offerYield(c: Cpu, index: u32): void {
  const chosen = nextAfter(c);
  for (let i: u32 = 0; i < config.vcpus; i++) {
    if (i == c.index || <i32>i == chosen) continue;
    if (runnable(cpuAt(i))) searchAdd(index, CHOICE_SWITCH, i, run.preemptions);
    else if (cpuAt(i).kept) searchAdd(index, CHOICE_RETURN, i, run.preemptions);
  }
}

/** Before a delivery: stores to its tables may drain. */
export function offerTables(c: Cpu, index: u32): void {
  for (let i: u32 = 0; i < config.vcpus; i++) if (tablesWait(c, cpuAt(i))) searchAdd(index, CHOICE_DRAIN, i, run.preemptions);
}

/** Whether this CPU's instruction would make a difference to a store that waits in the other's buffer. */
export function wouldSee(c: Cpu, other: Cpu): bool {
  if (!sbCount(other.vcpu)) return false;
  if (pointWalks || (pointMa != 0 && bufferHolds(other.vcpu, pointMa)) || (pointMa2 != 0 && bufferHolds(other.vcpu, pointMa2))) return true;
  if (implicitWaits(c, other)) return true;
  return pointDrains && buffersMeet(c.vcpu, other.vcpu);
}

/** Stands for any private instruction. */
export const PRIVATE: u32 = 0;

/**
 * Before an access with IF = 0 an interrupt could matter to nobody: it is as one before the next instruction. Unless it exits: then
 * the host half comes between this access and the one before.
 */
export function offerArrivals(c: Cpu, index: u32, id: u32): void {
  const exits = id != PRIVATE && (c.vcpu.ctl_exit & Ctl.ARRX) != 0;
  const masked = !interruptsEnabled(c.vcpu) && !exits && id <= <u32>MachineOp.pause && !(unitFlags() & FLAG_UNREDUCED);
  for (let k: u32 = 0; k < unitArrivals(); k++) {
    if (masked && unitArrival(k, 0) != ARRIVAL_MIGRATION) continue;
    if (unitArrival(k, 2) == c.index && taken(k) < unitArrival(k, 3)) searchAdd(index, CHOICE_ARRIVAL, k, run.preemptions);
  }
}

/** Notes the alternatives where the running CPU cannot go on: any other runnable one, and arrivals that wake a sleeper. */
export function offerPick(index: u32, chosen: i32): void {
  for (let i: u32 = 0; i < config.vcpus; i++) {
    if (<i32>i != chosen && runnable(cpuAt(i))) searchAdd(index, CHOICE_SWITCH, i, run.preemptions);
  }
  for (let k: u32 = 0; k < unitArrivals(); k++) {
    const vcpu = unitArrival(k, 2);
    if (unitArrival(k, 0) != ARRIVAL_MIGRATION && vcpu < config.vcpus && sleeps(cpuAt(vcpu)) && taken(k) < unitArrival(k, 3)) {
      searchAdd(index, CHOICE_ARRIVAL, k, run.preemptions);
    }
  }
}

/** Whether an interrupt from outside would make this vCPU runnable. */
function sleeps(c: Cpu): bool {
  const state = c.vcpu.runstate;
  return state == Runstate.HALTED || (state == Runstate.BLOCKED && !deliversInterrupts());
}

/** Notes the other values of a choose. */
export function offerValues(index: u32, n: u32): void {
  for (let value: u32 = 1; value < n && value < 64; value++) searchAdd(index, CHOICE_VALUE, value, run.preemptions);
}
