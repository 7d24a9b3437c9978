// Taking a vCPU off its CPU: the host half learns it by sched, and the time counts as stolen.
import { setRunstate } from "../machine/time";
import { Runstate } from "../machine/vcpu";
import { Cpu } from "./cpu";
import { hostSchedFunc } from "./link";
import { takeOut } from "./lock";
import { HOST_SCHED, queuePush, run } from "./run";

/** Deschedules a vCPU that executes in guest mode; false if it does not (one that sleeps loses nothing). It is READY from now on. */
export function steal(c: Cpu): bool {
  if (c.vcpu.runstate != Runstate.GUEST) return false;
  takeOut(c);
  setRunstate(c.vcpu, Runstate.READY);
  c.schedDue = 1;
  run.deadlineDirty = 1;
  if (hostSchedFunc >= 0) {
    c.leaving = 1;
    queuePush(false, HOST_SCHED, c.index, c.index, 0);
  }
  return true;
}
