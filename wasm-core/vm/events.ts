// What may come between two instructions of a vCPU: startup, stop, kick, windows, interrupts; and the faults of an instruction.
import { threadReset } from "../engine/index";
import { ARRIVAL, checkWindows, deliver, deliverPending, pendingEvent, wakeHalted } from "../machine/interrupts";
import { serveStartup } from "../machine/apic";
import { Vector } from "../machine/faults";
import { Step } from "../machine/ops";
import { Exit, Runstate } from "../machine/vcpu";
import { enterCode } from "./contexts";
import { contextAt, Cpu, token } from "./cpu";
import { isHeld } from "./delays";
import { orderAll } from "./early";
import { decideDelivery, implicitTouched, lands } from "./explorer";
import { exitGuest, inGuest, takeOutBetween } from "./lock";
import { machineEnded } from "./machine-calls";
import { END_OK, run } from "./run";
import { CHOICE_INTERRUPT, CHOICE_KICK } from "./schedule";
import { traceDeliver, tracing } from "./trace";
import { WALK_DELIVERY, walkLater, walkOn } from "./walks";

/** Fuel that a delivery costs beside the handler's instructions, so that storms of empty handlers end too. */
const DELIVERY_FUEL: i64 = 8;

/** Whether an event must be served before the next instruction of this vCPU, which is in guest mode. */
export function eventDue(c: Cpu): bool {
  const v = c.vcpu;
  if (v.startup_pending) return true;
  // Between iret and the return of its handler a vCPU is at no instruction boundary.
  if (contextAt(c, c.depth).armed) return false;
  if (v.debug_pending || c.stopWanted || kickDue(c)) return true;
  if (v.ctl_exit & 192 && checkWindows(v) == Step.EXIT) return true;
  return !isHeld(c) && pendingEvent(v) >= 0;
}

/** A vCPU that executes nothing leaves at once. */
function kickDue(c: Cpu): bool {
  return c.vcpu.pending_kick != 0 && (c.kickIn == 0 || c.barrier >= 0 || c.vcpu.runstate == Runstate.HALTED);
}

/** Whether a due interrupt or kick (letter) lands at this boundary; one that was held back does, as does one that ends a sleep. */
function landsHere(c: Cpu, letter: u32, decided: bool): bool {
  return decided || c.vcpu.runstate != Runstate.GUEST || c.barrier >= 0 || lands(c, letter);
}

/** Whether the event that is due takes the vCPU out of guest mode. */
export function leavesGuest(c: Cpu): bool {
  const v = c.vcpu;
  return c.stopWanted != 0 || kickDue(c) || (v.ctl_exit & 192) != 0 || (!isHeld(c) && pendingEvent(v) == ARRIVAL);
}

/** Serves one event; false if there was none. */
export function serveEvent(c: Cpu): bool {
  const v = c.vcpu;
  if (c.walks) {
    walkOn(c);
    return true;
  }
  // Nothing comes between two steps of one instruction, and nobody leaves guest mode there.
  if (c.middle) return false;
  if (v.startup_pending) return serveStart(c);
  if (c.refault) {
    c.refault = 0;
    deliverFault(c);
    return true;
  }
  if (contextAt(c, c.depth).armed) return false;
  // Traps of the instruction before come first.
  if (v.debug_pending && inGuest(c)) {
    if (!v.exec_active) v.rip = token(c);
    wakeHalted(v);
    run.fuelUsed += DELIVERY_FUEL;
    decideDelivery(c);
    delivered(c, deliver(v, Vector.DB, false, 0, false));
    return true;
  }
  if (c.stopWanted && inGuest(c)) {
    takeOutBetween(c);
    c.stopWanted = 0;
    c.stopped = 1;
    c.reenter = 1;
    return true;
  }
  if (kickDue(c) && landsHere(c, CHOICE_KICK, c.kickHeld != 0)) {
    v.pending_kick = 0;
    c.kickHeld = 0;
    c.visible = 1;
    v.exit_reason = Exit.KICK;
    // A kick ends a HLT: BLOCK is the host half's way to sleep on.
    wakeHalted(v);
    if (!v.exec_active) v.rip = token(c);
    exitGuest(c);
    return true;
  }
  if (v.ctl_exit & 192 && checkWindows(v) == Step.EXIT) {
    if (!v.exec_active) v.rip = token(c);
    exitGuest(c);
    return true;
  }
  const due = pendingEvent(v);
  if (due < 0) return false;
  if (v.runstate == Runstate.GUEST && isHeld(c)) return false;
  if (!landsHere(c, CHOICE_INTERRUPT, c.hold == 1)) return false;
  c.hold = 0;
  if (!v.exec_active) v.rip = token(c);
  // What an arrival means for a sleeper is the host half's to say.
  if (due != ARRIVAL) wakeHalted(v);
  run.fuelUsed += DELIVERY_FUEL;
  decideDelivery(c);
  delivered(c, deliverPending(v));
  return true;
}

function serveStart(c: Cpu): bool {
  const v = c.vcpu;
  decideDelivery(c);
  const status = serveStartup(v);
  implicitTouched(c);
  if (c.role >= 0) {
    run.rolesLeft -= 1;
    if (run.rolesLeft == 0) run.end = END_OK;
  }
  c.role = -1;
  threadReset(c.thread);
  c.entries = 0;
  c.depth = 0;
  contextAt(c, 0).unfetched = 0;
  c.ops = 0;
  c.parked = 0;
  c.halted = 0;
  if (status == Step.EXIT) exitGuest(c);
  else if (status == Step.JUMP) enterCode(c, false, true);
  return true;
}

/** Goes on with the machine's answer to a delivery. */
export function delivered(c: Cpu, status: i32): void {
  run.idleYields = 0;
  orderAll(c);
  // Before this its sender could not have sent another one that counts.
  c.visible = 1;
  if (status == Step.SPLIT) return walkLater(c, WALK_DELIVERY);
  implicitTouched(c);
  if (tracing) traceDeliver(c, status);
  if (status == Step.DONE) enterCode(c, false, false);
  else if (status == Step.EXIT) exitGuest(c);
  else machineEnded(c);
}

/** Delivers the fault that the pending instruction made. */
export function deliverFault(c: Cpu): void {
  const v = c.vcpu;
  run.fuelUsed += DELIVERY_FUEL;
  decideDelivery(c);
  delivered(c, deliver(v, v.fault_vector, v.fault_has_error != 0, v.fault_error, false));
}

/** RIP is where an instruction (int, syscall, a jump inside exec) transferred control to. */
export function jumped(c: Cpu): void {
  run.fuelUsed += DELIVERY_FUEL;
  enterCode(c, false, false);
}
