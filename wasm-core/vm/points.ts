// Scheduling points: before every machine instruction and every access of the host half, somebody else may come first.
import { MachineOp } from "../machine/ops";
import { machine } from "../machine/machine";
import { sbCount } from "../machine/storebuffer";
import { Cpu } from "./cpu";
import { delaysPass } from "./delays";
import { decide, mustLook } from "./explorer";
import { eventDue, leavesGuest } from "./events";
import { run } from "./run";

/** Whether an interrupt, kick or the like is due on this vCPU. */
export function deliverable(c: Cpu): bool {
  return eventDue(c);
}

/** A point of a vCPU in guest mode, before its instruction `id`: true = it executes now; false = leave, somebody or something else is first. */
export function guestPoint(c: Cpu, id: u32, args: usize): bool {
  if (mustLook()) return false;
  if (!c.middle && eventDue(c)) {
    // Leaving guest mode drains: a point like that of mfence. Whoever comes between, the event is served when the turn is back.
    if (sbCount(c.vcpu) && leavesGuest(c)) decide(c, MachineOp.mfence, args);
    return false;
  }
  if (run.timersHeld & (1 << c.index) && !c.middle) {
    run.timersHeld &= ~(1 << c.index);
    run.deadlineDirty = 1;
  }
  if (machine.now >= run.deadline || run.deadlineDirty) return false;
  if (id != <u32>MachineOp.pause) c.sincePause += 1;
  if (!decide(c, id, args)) return false;
  if (c.hold | c.kickIn) delaysPass(c);
  return true;
}

/** A point of the host half on this CPU. */
export function hostPoint(c: Cpu, id: u32, args: usize): bool {
  if (mustLook()) return false;
  if (machine.now >= run.deadline || run.deadlineDirty) return false;
  return decide(c, id | HOST_POINT, args);
}

/** Marks the instruction of a point as the host half's. */
export const HOST_POINT: u32 = 0x100;
/** Stands for the next step of a walk that a delivery or a transfer of control makes. */
export const WALK_POINT: u32 = 0x200;
