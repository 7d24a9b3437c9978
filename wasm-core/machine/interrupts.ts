// Events: which may be delivered now, and delivery through the 16-byte gates of the IDT with real frames in machine memory.
//
//   gate:  | offset 15:0 | selector 31:16 | IST 34:32 | type 43:40 | DPL 46:45 | P 47 | offset 31:16 at 63:48 | offset 63:32 |
//   frame: | [error] | rip | cs | rflags | rsp | ss |  upward from the new RSP
import { clearVector, highestVector, offeredVector, setVector } from "./apic";
import { config, Kind } from "./config";
import { checkCode, dplOf, quad, readQuad } from "./descriptors";
import { enterDebug } from "./debug";
import { forget } from "./decode";
import { canonical, faultError, faultForget, Vector } from "./faults";
import { IMPLICIT_WRITE, implicitNote } from "./implicit";
import { deliversInterrupts } from "./machine";
import { Step } from "./ops";
import { Access } from "./paging";
import { sbStore } from "./storebuffer";
import { setRunstate } from "./time";
import { translate, translated } from "./translate";
import {
  countDelivery, Ctl, EndKind, Exit, interruptsEnabled, irrOf, isrOf, reg, RFLAGS_IF, RSP, Runstate, setReg, Vcpu,
} from "./vcpu";

/** Answer of pendingEvent for an interrupt in IRR that takes the vCPU out of guest mode (ARRX). */
export const ARRIVAL: i32 = 256;

/**
 * What is due at this boundary: 2 for an NMI, a vector ≥ 16, ARRIVAL, or −1. Looks at IF, shadow, priorities, blocking; an
 * arrival waits for none of these.
 */
export function pendingEvent(v: Vcpu): i32 {
  if (v.phase != 0 || !deliversInterrupts()) return -1;
  if (v.nmi_pending && !v.nmi_blocked) return Vector.NMI;
  if (v.ctl_exit & Ctl.ARRX) return highestVector(irrOf(v)) < 0 ? -1 : ARRIVAL;
  return acceptable(v);
}

/** The vector that the processor would take now, −1 if none. */
function acceptable(v: Vcpu): i32 {
  return interruptsEnabled(v) && !v.sti_shadow ? offeredVector(v) : -1;
}

/** Whether what is due may still be on its way: what the processor would not take has nothing to wait for. */
export function mayBeHeld(v: Vcpu): bool {
  const due = pendingEvent(v);
  return due == ARRIVAL ? acceptable(v) >= 0 : due >= 0;
}

/** Takes the event from IRR or the NMI latch: it is in service from now on. */
export function acceptEvent(v: Vcpu, vector: u32): void {
  if (vector == <u32>Vector.NMI) {
    v.nmi_pending = 0;
    return;
  }
  clearVector(irrOf(v), vector);
  setVector(isrOf(v), vector);
}

/** Accepts and delivers what pendingEvent names: as deliver; EXIT for an arrival; DONE without effect when nothing is pending. */
export function deliverPending(v: Vcpu): i32 {
  const vector = pendingEvent(v);
  if (vector < 0) return Step.DONE;
  if (vector == ARRIVAL) {
    v.exit_reason = Exit.KICK;
    return Step.EXIT;
  }
  acceptEvent(v, vector);
  return deliverEvent(v, vector, vector == Vector.NMI ? EventType.NMI : EventType.IRQ, false, 0);
}

/** Whether a HALTED vCPU must wake. */
export function hasWork(v: Vcpu): bool {
  return v.debug_pending != 0 || pendingEvent(v) >= 0 || v.startup_pending != 0;
}

/** HALTED → GUEST; the event itself is still to be delivered. */
export function wakeHalted(v: Vcpu): void {
  if (v.runstate == Runstate.HALTED) setRunstate(v, Runstate.GUEST);
}

/** Types of ENTRY_EVENT, bits 10:8. */
export const enum EventType {
  IRQ = 0,
  NMI = 2,
  FAULT = 3,
  SOFT = 4,
}

const EVENT_ERROR_VALID: u32 = 1 << 11;
const EVENT_VALID: u32 = 1 << 31;

/** ENTRY_EVENT encoding of an event. */
export function encodeEvent(vector: u32, type: u32, hasError: bool): u32 {
  return vector | (type << 8) | (hasError ? EVENT_ERROR_VALID : 0) | EVENT_VALID;
}

/**
 * Delivers an exception (or a software interrupt, `soft`, of an instruction of `length` bytes) that interrupts the instruction
 * at v.rip. DONE: RIP, RSP, CPL, IF are the handler's and its frame is written. SPLIT: a walk has made a locked step, call
 * deliverOn. EXIT: the host half takes it (exception, SLAT, triple fault). END: triple fault.
 */
export function deliver(v: Vcpu, vector: u32, hasError: bool, error: u32, soft: bool, length: u32 = 0): i32 {
  const isException = !soft || vector == <u32>Vector.BP || vector == <u32>Vector.OF;
  if (isException && vector < 32 && (v.ctl_exc >> vector) & 1) return exitException(v, vector, error);
  if (vector == <u32>Vector.PF && !soft) v.cr2 = v.fault_address;
  if (vector == <u32>Vector.DB && !soft) enterDebug(v);
  return deliverEvent(v, vector, soft ? EventType.SOFT : EventType.FAULT, hasError, error, length);
}

function exitException(v: Vcpu, vector: u32, error: u32): i32 {
  v.exit_reason = Exit.EXC;
  v.exit_insn = vector;
  v.exit_error = vector == <u32>Vector.DB ? v.debug_pending : error;
  if (vector == <u32>Vector.DB) v.debug_pending = 0;
  v.exit_gva = vector == <u32>Vector.PF ? v.fault_address : 0;
  // A memory access is one byte long like every primitive.
  if (v.exit_len == 0) v.exit_len = 1;
  v.exit_flags = v.cpl | (v.fault_second << 2);
  v.exit_a = v.last_op;
  v.exit_b = v.last_operand;
  v.exit_gpa = v.last_second;
  return Step.EXIT;
}

/** Contributory exceptions of the double-fault rules. */
function isContributory(vector: u32): bool {
  return vector == 0 || (vector >= <u32>Vector.TS && vector <= <u32>Vector.GP);
}

/** Delivers an event of a type. A trap's frame names the instruction behind the one at RIP, which is `length` bytes long. */
export function deliverEvent(v: Vcpu, vector: u32, type: u32, hasError: bool, error: u32, length: u32 = 0): i32 {
  v.event = encodeEvent(vector, type, hasError);
  v.event_error = error;
  v.event_length = length;
  v.rip += length;
  return deliverOn(v);
}

/** Goes on with the delivery under way; faults on the way become the next event, #DF, or the triple fault. */
export function deliverOn(v: Vcpu): i32 {
  // #DF's own fault ends the chain, so this is left after at most three rounds.
  while (true) {
    const vector = v.event & 0xff;
    const type = (v.event >> 8) & 7;
    const status = enterGate(v, vector, type, (v.event & EVENT_ERROR_VALID) != 0, v.event_error);
    if (status == Step.SPLIT) return status;
    if (status == Step.DONE) {
      v.sti_shadow = 0;
      if (type == EventType.NMI) v.nmi_blocked = 1;
      countDelivery(v, vector);
      forget(v);
      faultForget(v);
      eventForget(v);
      return Step.DONE;
    }
    // The software interrupt did not happen: what comes instead names its instruction.
    v.rip -= v.event_length;
    v.event_length = 0;
    if (status == Step.EXIT) return interruptedExit(v);
    const second = v.fault_vector;
    // What the host half asked for exits as itself: whether it makes a double fault is then the host's to say (SDM vol. 3, 25.2).
    if ((v.ctl_exc >> second) & 1) {
      interruptedExit(v);
      return exitException(v, second, v.fault_error);
    }
    const firstIsFault = type == EventType.FAULT;
    if (firstIsFault && vector == <u32>Vector.DF) return tripleFault(v);
    const doubles = firstIsFault && ((isContributory(vector) && isContributory(second)) ||
      (vector == <u32>Vector.PF && (second == <u32>Vector.PF || isContributory(second))));
    const next = doubles ? <u32>Vector.DF : second;
    if ((v.ctl_exc >> next) & 1) {
      interruptedExit(v);
      return exitException(v, next, 0);
    }
    if (second == <u32>Vector.PF) v.cr2 = v.fault_address;
    v.event = encodeEvent(next, EventType.FAULT, doubles || v.fault_has_error != 0);
    v.event_error = doubles ? 0 : v.fault_error;
  }
}

function eventForget(v: Vcpu): void {
  v.event = v.event_error = v.event_length = 0;
}

/** Records what was being delivered when the exit came; the host half must inject it again. */
function interruptedExit(v: Vcpu): i32 {
  v.interrupted_event = v.event;
  v.interrupted_error = v.event_error;
  v.delivering = 1;
  eventForget(v);
  return Step.EXIT;
}

function tripleFault(v: Vcpu): i32 {
  eventForget(v);
  if (config.kind == <u32>Kind.NATIVE) {
    v.end_kind = EndKind.TRIPLE_FAULT;
    return Step.END;
  }
  v.exit_reason = Exit.TRIPLE_FAULT;
  return Step.EXIT;
}

/** One attempt: DONE, FAULT, EXIT, or SPLIT behind a locked step of a walk. Nothing of the vCPU changes unless DONE. */
function enterGate(v: Vcpu, vector: u32, type: u32, hasError: bool, error: u32): i32 {
  const external: u32 = type == EventType.SOFT ? 0 : 1;
  const gateError = vector * 8 + 2 + external;
  if (vector * 16 + 15 > v.idt_limit) return faultError(v, Vector.GP, gateError);
  let status = readQuad(v, v.idt_base + vector * 16, Access.IMPLICIT);
  if (status != Step.DONE) return status;
  const gate = quad;
  status = readQuad(v, v.idt_base + vector * 16 + 8, Access.IMPLICIT);
  if (status != Step.DONE) return status;
  const offset = (gate & 0xffff) | ((gate >> 32) & 0xffff_0000) | (quad << 32);
  const gateType = <u32>(gate >> 40) & 0x1f;
  if (gateType != 0xe && gateType != 0xf) return faultError(v, Vector.GP, gateError);
  if (type == EventType.SOFT && dplOf(gate) < v.cpl) return faultError(v, Vector.GP, gateError);
  if (!(gate & ((<u64>1) << 47))) return faultError(v, Vector.NP, gateError);
  const selector = <u32>(gate >> 16) & 0xffff;
  status = checkCode(v, selector, external);
  if (status != Step.DONE) return status;
  const target = dplOf(quad);
  if (target > v.cpl) return faultError(v, Vector.GP, (selector & 0xfffc) | external);
  status = newStack(v, <u32>(gate >> 32) & 7, target < v.cpl, target, external);
  if (status != Step.DONE) return status;
  if (!canonical(offset)) return faultError(v, Vector.GP, external);
  status = pushFrame(v, stackTop, hasError, error);
  if (status != Step.DONE) return status;
  if (target < v.cpl) v.ss = target;
  v.cpl = target;
  v.cs = (selector & 0xfffc) | target;
  // TF, NT, RF and VM are cleared by every gate, IF by interrupt gates.
  v.rflags &= ~(<u64>0x3_4100) & (gateType == 0xe ? ~RFLAGS_IF : ~(<u64>0));
  v.rip = offset;
  return Step.DONE;
}

let stackTop: u64 = 0;

/** Top of the handler's stack, into stackTop: IST, RSP0–2 of a more privileged level, or the present RSP. */
function newStack(v: Vcpu, ist: u32, inward: bool, target: u32, external: u32): i32 {
  stackTop = reg(v, RSP);
  if (ist || inward) {
    const at: u32 = ist ? 0x1c + ist * 8 : 4 + target * 8;
    if (at + 7 > v.tss_limit) return faultError(v, Vector.TS, (v.tr_selector & 0xfffc) | external);
    const status = readQuad(v, v.tss_base + at, Access.IMPLICIT);
    if (status != Step.DONE) return status;
    stackTop = quad;
  }
  stackTop &= ~(<u64>15);
  return canonical(stackTop - 1) && canonical(stackTop - 48) ? Step.DONE : faultError(v, Vector.SS, external);
}

/** Pushes the frame below `top`. All of it is translated before any of it is written. */
function pushFrame(v: Vcpu, top: u64, hasError: bool, error: u32): i32 {
  const size: u32 = hasError ? 48 : 40;
  const bottom = top - size;
  // The handler's level is supervisor even when the interrupted code was user.
  let status = translate(v, bottom, Access.WRITE | Access.IMPLICIT);
  if (status != Step.DONE) return status;
  const low = translated;
  status = translate(v, top - 8, Access.WRITE | Access.IMPLICIT);
  if (status != Step.DONE) return status;
  const high = translated;
  const crosses = (bottom ^ (top - 8)) >> 12 != 0;
  const words = size >> 3;
  for (let i: u32 = 0; i < words; i++) {
    const at = bottom + (words - 1 - i) * 8;
    const ma = !crosses || (at ^ bottom) >> 12 == 0 ? low + <u32>(at - bottom) : high - <u32>(top - 8 - at);
    implicitNote(ma, 8, IMPLICIT_WRITE);
    sbStore(v, ma, 8, i == 0 ? v.ss : i == 1 ? reg(v, RSP) : i == 2 ? v.rflags : i == 3 ? v.cs : i == 4 ? v.rip : error);
  }
  setReg(v, RSP, bottom);
  return Step.DONE;
}

/** INTR_WINDOW and NMI_WINDOW: EXIT if the host asked for one that is open at this boundary. */
export function checkWindows(v: Vcpu): i32 {
  if (!(v.ctl_exit & (Ctl.INTRWIN | Ctl.NMIWIN))) return Step.DONE;
  if (v.ctl_exit & Ctl.NMIWIN && !v.nmi_blocked) v.exit_reason = Exit.NMI_WINDOW;
  else if (v.ctl_exit & Ctl.INTRWIN && interruptsEnabled(v) && !v.sti_shadow) v.exit_reason = Exit.INTR_WINDOW;
  else return Step.DONE;
  return Step.EXIT;
}

const IRET_FLAGS: u64 = 0x25_4dd5;
const RFLAGS_IOPL: u64 = 0x3000;
const RFLAGS_NT: u64 = 0x4000;

/** IRET from the frame at `frame`: DONE with RIP, CS, RFLAGS, RSP, SS loaded and NMIs unblocked, or FAULT, SPLIT, EXIT. */
export function iretFrame(v: Vcpu, frame: u64): i32 {
  // Also when it faults (SDM vol. 3, 6.7.1): the handler of that fault can be interrupted by an NMI.
  v.nmi_blocked = 0;
  if (v.rflags & RFLAGS_NT) return faultError(v, Vector.GP, 0);
  let words: StaticArray<u64> = frameWords;
  for (let i: u32 = 0; i < 5; i++) {
    const status = readQuad(v, frame + i * 8, Access.READ);
    if (status != Step.DONE) return status;
    unchecked((words[i] = quad));
  }
  const rip = unchecked(words[0]);
  const cs = <u32>unchecked(words[1]) & 0xffff;
  const flags = unchecked(words[2]);
  const ss = <u32>unchecked(words[4]) & 0xffff;
  const level = cs & 3;
  const status = checkCode(v, cs, 0);
  if (status != Step.DONE) return status;
  if (level < v.cpl || dplOf(quad) != level) return faultError(v, Vector.GP, cs & 0xfffc);
  if ((ss & 0xfffc) == 0 ? level == 3 : (ss & 3) != level) return faultError(v, Vector.GP, ss & 0xfffc);
  if (!canonical(rip)) return faultError(v, Vector.GP, 0);
  let mask = IRET_FLAGS;
  if (v.cpl == 0) mask |= RFLAGS_IOPL;
  if (v.cpl <= <u32>(v.rflags >> 12) & 3) mask |= RFLAGS_IF;
  v.rflags = (v.rflags & ~mask) | (flags & mask) | 2;
  v.rip = rip;
  v.cs = cs;
  v.cpl = level;
  v.ss = ss;
  setReg(v, RSP, unchecked(words[3]));
  return Step.DONE;
}

const frameWords: StaticArray<u64> = [0, 0, 0, 0, 0];
