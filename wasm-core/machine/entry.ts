// Crossing between guest mode and the host half: exit, entry checks, injection.
import { config, Kind } from "./config";
import { isValidCr0, isValidCr3, isValidCr4, isValidEfer } from "./control-registers";
import { canonical } from "./faults";
import { checkWindows, deliverEvent, EventType } from "./interrupts";
import { Step } from "./ops";
import { sbDrainAll } from "./storebuffer";
import { setRunstate } from "./time";
import { Exit, interruptsEnabled, Runstate, Vcpu } from "./vcpu";

/** VM exit and entry drain the store buffer in E, S and F; a hypercall by SYSCALL (D) does not serialise. */
function drainAtCrossing(v: Vcpu): void {
  if (config.kind != <u32>Kind.DIRECT) sbDrainAll(v);
}

/** Leaves guest mode after Step.EXIT: the vCPU is in the host half, or queued for it. */
export function leaveGuest(v: Vcpu): void {
  drainAtCrossing(v);
  v.count_exits += 1;
  v.interrupted_event = v.delivering ? v.interrupted_event : 0;
  v.delivering = 0;
  setRunstate(v, Runstate.HOST);
}

/**
 * Goes to guest mode, as action ENTER. DONE: resume at RIP. JUMP: an injected event was delivered, enter RIP. EXIT: BAD_ENTRY
 * (EXIT_A is the field), a window that is open, or what the injection ran into; call leaveGuest and the host half again.
 * END cannot happen.
 */
export function enterGuest(v: Vcpu): i32 {
  drainAtCrossing(v);
  const bad = badField(v);
  if (bad >= 0) {
    v.exit_reason = Exit.BAD_ENTRY;
    v.exit_a = bad;
    return Step.EXIT;
  }
  setRunstate(v, Runstate.GUEST);
  const event = v.entry_event;
  if (!(event >> 31)) return checkWindows(v);
  v.entry_event = 0;
  const status = deliverEvent(v, event & 0xff, (event >> 8) & 7, ((event >> 11) & 1) != 0, v.entry_error);
  return status == Step.DONE ? Step.JUMP : status;
}

/** Field id of the first value that may not enter guest mode, −1 if all may. */
function badField(v: Vcpu): i32 {
  if (!canonical(v.rip)) return 0x20;
  if ((v.rflags & 2) == 0 || v.rflags >> 22 != 0) return 0x22;
  if (v.cpl > 3) return 0x23;
  if (!isValidCr0(v.cr0)) return 0x30;
  if (!isValidCr3(v.cr3)) return 0x32;
  if (!isValidCr4(v.cr4)) return 0x33;
  if (!isValidEfer(v.efer)) return 0x35;
  if (!canonical(v.gdt_base)) return 0x40;
  if (!canonical(v.idt_base)) return 0x42;
  if (!canonical(v.tss_base)) return 0x47;
  return isBadEvent(v) ? 0x60 : -1;
}

/** An event must be one that could happen now, and its error code must fit its vector. */
function isBadEvent(v: Vcpu): bool {
  const event = v.entry_event;
  if (!(event >> 31)) return false;
  const vector = event & 0xff;
  const type = (event >> 8) & 7;
  const hasError = (event & 0x800) != 0;
  if (type == EventType.IRQ) return hasError || vector < 16 || !interruptsEnabled(v) || v.sti_shadow != 0;
  if (type == EventType.NMI) return hasError || vector != 2 || v.nmi_blocked != 0;
  if (type == EventType.SOFT) return hasError;
  if (type != EventType.FAULT || vector > 31 || vector == 2) return true;
  const wantsError = vector == 8 || (vector >= 10 && vector <= 14) || vector == 17;
  return hasError != wantsError;
}
