// Choices made: every deviation from the default schedule, whoever asked for it (search, replay, shrinking, chance).
import { raiseIrq, raiseNmi } from "../machine/apic";
import { machine } from "../machine/machine";
import { sbAddress, sbCount, sbDrainOne } from "../machine/storebuffer";
import { advance } from "../machine/time";
import { NEVER } from "../machine/timers";
import { tlbEvict } from "../machine/tlb";
import { config, unitArrival, unitArrivals } from "./config";
import { Cpu, cpuAt } from "./cpu";
import { run } from "./run";
import { CHOICE_ARRIVAL, CHOICE_DRAIN, CHOICE_EVICT, CHOICE_STEAL, CHOICE_SWITCH, CHOICE_TIME, madeAdd } from "./schedule";
import { runnable } from "./scheduler";
import { steal } from "./steal";
import { TRACE_ARRIVAL, TRACE_DRAIN, TRACE_EVICT, TRACE_STEAL, TRACE_SWITCH, TRACE_TIME, LAYER_MACHINE, traceAdd, tracing } from "./trace";

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
  if (letter == CHOICE_ARRIVAL) return arrive(c, argument);
  if (letter == CHOICE_TIME) return passTime(c);
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
  if (letter != CHOICE_STEAL || !steal(target)) return APPLIED_NOT;
  if (tracing) traceAdd(target, LAYER_MACHINE, TRACE_STEAL, 0, 0, 0);
  target.stolen = STEAL_NS;
  run.preemptions += 1;
  return APPLIED_LEAVE;
}

function arrive(c: Cpu, k: u32): u32 {
  if (k >= unitArrivals() || taken(k) >= unitArrival(k, 3) || unitArrival(k, 2) >= config.vcpus) return APPLIED_NOT;
  run.arrivalsTaken += 1 << (k << 2);
  const target = cpuAt(unitArrival(k, 2));
  if (tracing) traceAdd(target, LAYER_MACHINE, TRACE_ARRIVAL, 0, k, unitArrival(k, 1));
  if (unitArrival(k, 0)) raiseNmi(target.vcpu);
  else raiseIrq(target.vcpu, unitArrival(k, 1));
  return APPLIED_LEAVE;
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
