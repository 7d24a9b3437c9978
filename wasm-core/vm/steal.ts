// Taking a vCPU off its CPU: the host half learns it by sched, and the time counts as stolen.
import { sbDrainAll } from "../machine/storebuffer";
import { setRunstate } from "../machine/time";
import { Runstate } from "../machine/vcpu";
import { Cpu } from "./cpu";
import { hostSchedFunc } from "./link";
import { enterHost, takeOutBetween } from "./lock";
import { HOST_SCHED, NESTED_AWAY, NESTED_LEAVES, NESTED_RETURNS, queuePush, run } from "./run";

/** The host half is at a resched on this CPU: the one place where its work can be preempted. */
export function atResched(c: Cpu): bool {
  return run.hostResched != 0 && run.hostCpu == c.index && run.hostNested == 0;
}

/** Deschedules a vCPU in the middle of host work, which keeps the lock: sched(v, 2) now, sched(v, 1) when it comes back. */
export function leaveHostWork(c: Cpu): void {
  sbDrainAll(c.vcpu);
  setRunstate(c.vcpu, Runstate.READY);
  run.hostNested = NESTED_LEAVES;
  if (hostSchedFunc >= 0) enterHost(HOST_SCHED, c.index, 2);
  else run.hostNested = NESTED_AWAY;
}

/** It goes on with the host work. */
export function returnToHostWork(c: Cpu): void {
  setRunstate(c.vcpu, Runstate.HOST);
  run.hostNested = hostSchedFunc >= 0 ? NESTED_RETURNS : 0;
  if (hostSchedFunc >= 0) enterHost(HOST_SCHED, c.index, 1);
}

/** Deschedules a vCPU that executes in guest mode; false if it does not (one that sleeps loses nothing). It is READY from now on. */
export function steal(c: Cpu): bool {
  if (c.vcpu.runstate != Runstate.GUEST || c.walks) return false;
  deschedule(c);
  return true;
}

/** Out of guest mode and READY: sched(v, 0) waits for the lock, sched(v, 1) is due. Who slept by HLT sleeps on when it comes back. */
export function deschedule(c: Cpu): void {
  takeOutBetween(c);
  setRunstate(c.vcpu, Runstate.READY);
  c.schedDue = 1;
  run.deadlineDirty = 1;
  if (hostSchedFunc >= 0) {
    c.leaving = 1;
    queuePush(false, HOST_SCHED, c.index, c.index, 0);
  }
}
