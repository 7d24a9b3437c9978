// Crossing between guest mode and the host half: exit, entry checks, injection.
import { config, Kind } from "./config";
import { isValidCr0, isValidCr3, isValidCr4, isValidEfer } from "./control-registers";
import { forget } from "./decode";
import { canonical, faultForget } from "./faults";
import { checkWindows, deliverEvent, EventType } from "./interrupts";
import { isValidPat } from "./msr";
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
  forget(v);
  faultForget(v);
  setRunstate(v, Runstate.HOST);
}

/** The qualification of the last exit ends with it: equal states have equal bytes. */
function exitForget(v: Vcpu): void {
  v.exit_reason = v.exit_insn = v.exit_flags = v.exit_len = 0;
  v.exit_a = v.exit_b = v.exit_gva = v.exit_gpa = v.exit_error = 0;
  v.interrupted_event = v.interrupted_error = 0;
}

/**
 * Goes to guest mode, as action ENTER. DONE: resume at RIP. JUMP: an injected event was delivered, enter RIP. SPLIT: its delivery
 * is under way (deliverOn). EXIT: BAD_ENTRY
 * (EXIT_A is the field), a window that is open, or what the injection ran into; call leaveGuest and the host half again.
 * END cannot happen. Without `injects` ENTRY_EVENT waits for `inject`.
 */
export function enterGuest(v: Vcpu, injects: bool): i32 {
  drainAtCrossing(v);
  const bad = badField(v);
  if (bad >= 0) {
    v.exit_reason = Exit.BAD_ENTRY;
    v.exit_a = bad;
    return Step.EXIT;
  }
  setRunstate(v, Runstate.GUEST);
  const length = v.exit_len ? v.exit_len : 1;
  exitForget(v);
  if (v.entry_event >> 31) return injects ? inject(v, length) : Step.DONE;
  return checkWindows(v);
}

/** Delivers ENTRY_EVENT: JUMP, SPLIT or EXIT. A software interrupt is a trap: its frame names the instruction behind the one that exited. */
export function inject(v: Vcpu, length: u32): i32 {
  const event = v.entry_event;
  const type = (event >> 8) & 7;
  v.entry_event = 0;
  const status = deliverEvent(v, event & 0xff, type, ((event >> 11) & 1) != 0, v.entry_error, type == EventType.SOFT ? length : 0);
  v.entry_error = 0;
  return status == Step.DONE ? Step.JUMP : status;
}

/** RFLAGS bits that are always 0: 3, 5, 15 and 22 up. */
const RFLAGS_ZERO: u64 = 0xffff_ffff_ffc0_8028;

/** Field id of the first value that may not enter guest mode (SDM vol. 3, 26.3.1), −1 if all may. */
function badField(v: Vcpu): i32 {
  if (!canonical(v.rip)) return 0x20;
  if ((v.rflags & 2) == 0 || (v.rflags & RFLAGS_ZERO) != 0) return 0x22;
  if (v.cpl > 3) return 0x23;
  if ((v.cs & 3) != v.cpl) return 0x24;
  if (v.cpl == 3 && (v.ss & 3) != 3) return 0x25;
  const bad = badControl(v);
  if (bad >= 0) return bad;
  const badBase = badAddress(v);
  if (badBase >= 0) return badBase;
  if (v.sti_shadow && !interruptsEnabled(v)) return 0x62;
  return isBadEvent(v) ? 0x60 : -1;
}

function badControl(v: Vcpu): i32 {
  if (!isValidCr0(v.cr0)) return 0x30;
  if (!isValidCr3(v.cr3)) return 0x32;
  if (!isValidCr4(v.cr4)) return 0x33;
  if (!isValidEfer(v.efer)) return 0x35;
  if (v.dr7 >> 32) return 0x3b;
  return isValidPat(v.pat) ? -1 : 0x3f;
}

/** Bases and entry points must be canonical. */
function badAddress(v: Vcpu): i32 {
  if (!canonical(v.fs_base)) return 0x26;
  if (!canonical(v.gs_base)) return 0x27;
  if (!canonical(v.kernel_gs_base)) return 0x28;
  if (!canonical(v.lstar)) return 0x3d;
  if (!canonical(v.gdt_base)) return 0x40;
  if (!canonical(v.idt_base)) return 0x42;
  if (!canonical(v.ldt_base)) return 0x46;
  return canonical(v.tss_base) ? -1 : 0x47;
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
