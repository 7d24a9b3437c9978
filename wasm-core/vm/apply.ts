// Choices made: every deviation from the default schedule, whoever asked for it (search, replay, shrinking, chance).
import { machine } from "../machine/machine";
import { sbAddress, sbCount, sbDrainOne } from "../machine/storebuffer";
import { advance } from "../machine/time";
import { NEVER } from "../machine/timers";
import { tlbEvict } from "../machine/tlb";
import { ARRIVAL_MIGRATION, ARRIVAL_NMI, config, unitArrival, unitArrivals } from "./config";
import { Cpu, cpuAt } from "./cpu";
import { deviceIrq, deviceNmi } from "./device";
import { hoist } from "./early";
import { ARRIVAL_OFFSET, migrationBegin } from "./migration";
import { NESTED_DUE, run } from "./run";
import {
  CHOICE_ARRIVAL, CHOICE_DRAIN, CHOICE_EVICT, CHOICE_HOIST, CHOICE_INTERRUPT, CHOICE_KICK, CHOICE_RETURN, CHOICE_STEAL, CHOICE_SWITCH, CHOICE_TIME, madeAdd,
} from "./schedule";
import { holdInterrupt, holdKick, isHeld, keepAway, landInterrupt, landKick } from "./delays";
import { runnable } from "./scheduler";
import { atResched, steal } from "./steal";
import {
  LAYER_MACHINE, TRACE_ARRIVAL, TRACE_DRAIN, TRACE_EVICT, TRACE_HOIST, TRACE_HOLD, TRACE_KEEP, TRACE_LAND, TRACE_STEAL, TRACE_SWITCH, TRACE_TIME, traceAdd,
  tracing,
} from "./trace";

/** The choice does not fit here. */
export const APPLIED_NOT: u32 = 0;
/** Done; the same point decides again. */
export const APPLIED_STAY: u32 = 1;
/** Done; somebody or something else is next. */
export const APPLIED_LEAVE: u32 = 2;

/** Nobody is running: whoever comes next costs no preemption. */
export let picking: bool = false;

export function setPicking(on: bool): void {
  picking = on;
}

/** Letter of the event whose landing is being decided, 0 = none is. */
let landing: u32 = 0;

export function setLanding(letter: u32): void {
  landing = letter;
}

/** A delivery is about to read tables: only stores to them can come before. */
let draining: bool = false;

export function setDraining(on: bool): void {
  draining = on;
}

/** How long one stolen turn lasts, ns: a scheduler's tick. */
const STEAL_NS: u64 = 1_000_000;

/** Whose turn it is from now on. */
export function switchTo(other: u32): void {
  const c = cpuAt(other);
  c.points = 0;
  c.visible = 0;
  run.current = other;
  if (tracing) traceAdd(c, LAYER_MACHINE, TRACE_SWITCH, 0, other, 0);
}

/** Makes the choice `letter`, `argument` at the point `index` of this CPU. */
export function apply(c: Cpu, index: u32, letter: u32, argument: u32): u32 {
  const done = attempt(c, letter, argument);
  if (done != APPLIED_NOT) madeAdd(index, letter, argument);
  return done;
}

function attempt(c: Cpu, letter: u32, argument: u32): u32 {
  if (draining && letter != CHOICE_DRAIN) return APPLIED_NOT;
  if (landing) return letter == landing && argument == c.index ? hold(c, letter) : APPLIED_NOT;
  if (letter == CHOICE_INTERRUPT || letter == CHOICE_KICK) return argument == c.index ? land(c, letter) : APPLIED_NOT;
  if (letter == CHOICE_ARRIVAL) return arrive(c, argument);
  if (letter == CHOICE_TIME) return passTime(c);
  if (letter == CHOICE_HOIST) return executeEarly(c, argument);
  const vcpu = letter == CHOICE_EVICT ? argument >>> 16 : argument;
  if (vcpu >= config.vcpus) return APPLIED_NOT;
  const target = cpuAt(vcpu);
  if (letter == CHOICE_SWITCH) {
    const here = !picking && runnable(c);
    if ((vcpu == c.index && here) || !runnable(target)) return APPLIED_NOT;
    if (here && !c.yielded) run.preemptions += 1;
    c.yielded = 0;
    switchTo(vcpu);
    return APPLIED_LEAVE;
  }
  if (letter == CHOICE_DRAIN) {
    if (!sbCount(target.vcpu)) return APPLIED_NOT;
    if (tracing) traceAdd(target, LAYER_MACHINE, TRACE_DRAIN, 0, sbAddress(target.vcpu, 0), 0);
    sbDrainOne(target.vcpu);
    return APPLIED_STAY;
  }
  if (letter == CHOICE_EVICT) {
    if (tracing) traceAdd(target, LAYER_MACHINE, TRACE_EVICT, 0, argument & 0xffff, 0);
    tlbEvict(target.vcpu, argument & 0xffff);
    return APPLIED_STAY;
  }
  if (letter == CHOICE_RETURN) return keepOrReturn(c, target);
  if (letter != CHOICE_STEAL) return APPLIED_NOT;
  if (atResched(target)) run.hostNested = NESTED_DUE;
  else if (target.middle || !steal(target)) return APPLIED_NOT;
  if (tracing) traceAdd(target, LAYER_MACHINE, TRACE_STEAL, 0, 0, 0);
  target.stolen = STEAL_NS;
  run.preemptions += 1;
  return APPLIED_LEAVE;
}

/** The event that is due is held back. Without this choice its sender would have had to be preempted: it costs as much. */
function hold(c: Cpu, letter: u32): u32 {
  if (tracing) traceAdd(c, LAYER_MACHINE, TRACE_HOLD, letter, 0, 0);
  if (letter == CHOICE_INTERRUPT) holdInterrupt(c);
  else holdKick(c);
  run.preemptions += 1;
  return APPLIED_LEAVE;
}

/** What is held back lands at this boundary. */
function land(c: Cpu, letter: u32): u32 {
  if (letter == CHOICE_INTERRUPT ? !isHeld(c) : !c.vcpu.pending_kick || !c.kickIn) return APPLIED_NOT;
  if (tracing) traceAdd(c, LAYER_MACHINE, TRACE_LAND, letter, 0, 0);
  if (letter == CHOICE_INTERRUPT) landInterrupt(c);
  else landKick(c);
  return APPLIED_LEAVE;
}

/** Where a stolen vCPU would come back: it is kept off its CPU. Anywhere else: one that is kept comes back. */
function keepOrReturn(c: Cpu, target: Cpu): u32 {
  if (target.kept) {
    target.kept = 0;
    if (!runnable(target)) return APPLIED_NOT;
    if (!picking && runnable(c) && !c.yielded) run.preemptions += 1;
    c.yielded = 0;
    switchTo(target.index);
    return APPLIED_LEAVE;
  }
  if (!picking || target.index != c.index || !c.stolen) return APPLIED_NOT;
  if (tracing) traceAdd(c, LAYER_MACHINE, TRACE_KEEP, 0, 0, 0);
  keepAway(c);
  run.preemptions += 1;
  return APPLIED_STAY;
}

function arrive(c: Cpu, k: u32): u32 {
  if (k >= unitArrivals() || taken(k) >= unitArrival(k, 3) || unitArrival(k, 2) >= config.vcpus) return APPLIED_NOT;
  run.arrivalsTaken += 1 << (k << 2);
  const target = cpuAt(unitArrival(k, 2));
  if (tracing) traceAdd(target, LAYER_MACHINE, TRACE_ARRIVAL, 0, k, unitArrival(k, 1));
  const kind = unitArrival(k, 0);
  if (kind == ARRIVAL_MIGRATION) migrationBegin(ARRIVAL_OFFSET);
  else if (kind == ARRIVAL_NMI) deviceNmi(target);
  else deviceIrq(target, unitArrival(k, 1));
  return APPLIED_LEAVE;
}

function executeEarly(c: Cpu, loads: u32): u32 {
  if (!hoist(c, loads)) return APPLIED_NOT;
  if (tracing) traceAdd(c, LAYER_MACHINE, TRACE_HOIST, 0, loads, 0);
  return APPLIED_STAY;
}

/** How often arrival k has come in this schedule, at most 15. */
export function taken(k: u32): u32 {
  return (run.arrivalsTaken >>> (k << 2)) & 15;
}

function passTime(c: Cpu): u32 {
  if (run.deadline == NEVER || run.deadline <= machine.now) return APPLIED_NOT;
  if (tracing) traceAdd(c, LAYER_MACHINE, TRACE_TIME, 0, run.deadline, 0);
  advance(run.deadline - machine.now);
  return APPLIED_LEAVE;
}
