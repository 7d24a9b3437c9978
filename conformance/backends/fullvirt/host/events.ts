// Events for the guest: exceptions that an exit ends in, events whose delivery an exit cut short, interrupts and NMIs before an entry.
//
//   ENTRY_EVENT: | vector 7:0 | type 10:8 | error code 11 | valid 31 |
import * as host from "../../../sdk/as/host";
import { accept, offered } from "./apic";
import { walkError } from "./shadow/walk";
import {
  crash,
  endShadow,
  INTR_NMI_BLOCKED,
  INTR_NMI_PENDING,
  INTR_STI,
  isHalted,
  setHalted,
} from "./state";

export const VECTOR_BP: i32 = 3;
export const VECTOR_OF: i32 = 4;
export const VECTOR_UD: i32 = 6;
const VECTOR_DF: i32 = 8;
export const VECTOR_TS: i32 = 10;
export const VECTOR_NP: i32 = 11;
export const VECTOR_GP: i32 = 13;
export const VECTOR_PF: i32 = 14;
const TYPE_NMI: i64 = 2 << 8;
const TYPE_FAULT: i64 = 3 << 8;
const TYPE_SOFT: i64 = 4 << 8;
const TYPE_MASK: i64 = 7 << 8;
const ERROR_CODE: i64 = 1 << 11;
const VALID: i64 = 1 << 31;
const RFLAGS_IF: i64 = 0x200;

/** Vectors with an error code: #DF, #TS, #NP, #SS, #GP, #PF, #AC. */
function hasErrorCode(vector: i32): bool {
  return vector == VECTOR_DF || (vector >= VECTOR_TS && vector <= VECTOR_PF) || vector == 17;
}

function isContributory(vector: i32): bool {
  return vector == 0 || (vector >= VECTOR_TS && vector <= VECTOR_GP);
}

/** Ends the exit with an exception at RIP, or with what becomes of it if it hit the delivery of another (SDM vol. 3, 6.15). */
export function raise(vcpu: i32, vector: i32, error: i32): i32 {
  const interrupted = host.get(vcpu, host.FIELD_INTERRUPTED_EVENT);
  let next = vector;
  if (interrupted & VALID) {
    const first = <i32>(interrupted & 0xff);
    const type = interrupted & TYPE_MASK;
    if (type == TYPE_FAULT && first == VECTOR_DF) return crash("triple fault");
    const doubles = isContributory(first) ? isContributory(vector) : first == VECTOR_PF && (vector == VECTOR_PF || isContributory(vector));
    if (type == TYPE_FAULT && doubles) next = VECTOR_DF;
  }
  inject(vcpu, TYPE_FAULT | next, next == VECTOR_DF ? 0 : error);
  return host.ACTION_ENTER;
}

function inject(vcpu: i32, event: i64, error: i32): void {
  const withError = (event & TYPE_MASK) == TYPE_FAULT && hasErrorCode(<i32>(event & 0xff));
  host.set(vcpu, host.FIELD_ENTRY_EVENT, event | VALID | (withError ? ERROR_CODE : 0));
  host.set(vcpu, host.FIELD_ENTRY_ERROR, withError ? error : 0);
}

export function raiseGp(vcpu: i32, error: i32 = 0): i32 {
  return raise(vcpu, VECTOR_GP, error);
}

export function raiseUd(vcpu: i32): i32 {
  return raise(vcpu, VECTOR_UD, 0);
}

/** The page fault that the last walk of the guest's tables found, at va. */
export function raisePageFault(vcpu: i32, va: i64): i32 {
  host.set(vcpu, host.FIELD_CR2, va);
  return raise(vcpu, VECTOR_PF, walkError);
}

/** An exception that left guest mode and is the guest's own. INT3 and INTO are traps: injected as such, they name the next instruction. */
export function reflect(vcpu: i32, vector: i32): i32 {
  if (vector != VECTOR_BP && vector != VECTOR_OF) return raise(vcpu, vector, <i32>host.get(vcpu, host.FIELD_EXIT_ERROR));
  inject(vcpu, TYPE_SOFT | vector, 0);
  return host.ACTION_ENTER;
}

/** Goes on after an exit that was none of the guest's business: an event whose delivery it cut short is delivered now. */
export function reinject(vcpu: i32): i32 {
  const interrupted = host.get(vcpu, host.FIELD_INTERRUPTED_EVENT);
  // RIP names a software interrupt's instruction until it is delivered: it executes again.
  if (!(interrupted & VALID) || (interrupted & TYPE_MASK) == TYPE_SOFT) return host.ACTION_ENTER;
  host.set(vcpu, host.FIELD_ENTRY_EVENT, interrupted);
  host.set(vcpu, host.FIELD_ENTRY_ERROR, host.get(vcpu, host.FIELD_INTERRUPTED_ERROR));
  return host.ACTION_ENTER;
}

/** Whether an event waits that the vCPU would take; the shadow of an STI is not looked at. */
export function hasEvent(vcpu: i32): bool {
  const state = host.get(vcpu, host.FIELD_INTR_STATE);
  if (state & INTR_NMI_PENDING && !(state & INTR_NMI_BLOCKED)) return true;
  return (host.get(vcpu, host.FIELD_RFLAGS) & RFLAGS_IF) != 0 && offered(vcpu) >= 0;
}

/** Last thing before guest mode: the event that is due is injected; for what has to wait a window is asked for. */
export function injectPending(vcpu: i32): void {
  if (!(host.get(vcpu, host.FIELD_ENTRY_EVENT) & VALID)) injectNext(vcpu);
  const waits = offered(vcpu) >= 0;
  host.set(vcpu, host.FIELD_CTL_EXIT, waits ? host.CTL_IFX | host.CTL_INTRWIN : host.CTL_IFX);
}

function injectNext(vcpu: i32): void {
  const state = host.get(vcpu, host.FIELD_INTR_STATE);
  if (state & INTR_NMI_PENDING && !(state & INTR_NMI_BLOCKED)) {
    leaveHalt(vcpu);
    host.set(vcpu, host.FIELD_INTR_STATE, state & ~INTR_NMI_PENDING);
    inject(vcpu, TYPE_NMI | 2, 0);
    return;
  }
  if (state & INTR_STI || !(host.get(vcpu, host.FIELD_RFLAGS) & RFLAGS_IF)) return;
  const vector = offered(vcpu);
  if (vector < 0) return;
  leaveHalt(vcpu);
  accept(vcpu, vector);
  inject(vcpu, vector, 0);
}

/** HLT: it ends behind the instruction with the event that comes next; until then the vCPU needs no processor. */
export function halt(vcpu: i32): i32 {
  setHalted(vcpu, true);
  endShadow(vcpu);
  return hasEvent(vcpu) ? host.ACTION_ENTER : host.ACTION_BLOCK;
}

function leaveHalt(vcpu: i32): void {
  if (!isHalted(vcpu)) return;
  setHalted(vcpu, false);
  host.set(vcpu, host.FIELD_RIP, host.get(vcpu, host.FIELD_RIP) + 1);
}

/** Something has become pending for a vCPU: whoever executes is interrupted, whoever sleeps is woken if it would take it. */
export function tell(vcpu: i32): void {
  const state = host.get(vcpu, host.FIELD_RUNSTATE);
  if (state == host.RUNSTATE_GUEST || state == host.RUNSTATE_HALTED) host.kick(vcpu);
  else if (state == host.RUNSTATE_BLOCKED && hasEvent(vcpu)) host.wake(vcpu);
}
