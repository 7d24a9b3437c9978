// Exceptions as values: a fault is recorded in the vCPU and returned as Step.FAULT; who called decides what becomes of it.
import { Step } from "./ops";
import { Vcpu } from "./vcpu";

/** Exception vectors. */
export const enum Vector {
  DE = 0,
  DB = 1,
  NMI = 2,
  BP = 3,
  OF = 4,
  UD = 6,
  NM = 7,
  DF = 8,
  TS = 10,
  NP = 11,
  SS = 12,
  GP = 13,
  PF = 14,
  AC = 17,
}

/** Bits of a page fault's error code. */
export const enum PageError {
  P = 1,
  W = 2,
  U = 4,
  RSVD = 8,
  I = 16,
}

/** A fault without error code. */
export function fault(v: Vcpu, vector: u32): i32 {
  v.fault_vector = vector;
  v.fault_has_error = 0;
  v.fault_error = 0;
  return Step.FAULT;
}

/** A fault with error code: #DF, #TS, #NP, #SS, #GP. */
export function faultError(v: Vcpu, vector: u32, error: u32): i32 {
  v.fault_vector = vector;
  v.fault_has_error = 1;
  v.fault_error = error;
  return Step.FAULT;
}

/** #GP(0). */
export function generalProtection(v: Vcpu): i32 {
  return faultError(v, Vector.GP, 0);
}

/** #PF; CR2 changes only when it is delivered. */
export function pageFault(v: Vcpu, va: u64, error: u32): i32 {
  v.fault_address = va;
  return faultError(v, Vector.PF, error);
}

/** The fault has been delivered or has left guest mode: equal states have equal bytes. */
export function faultForget(v: Vcpu): void {
  v.fault_vector = 0;
  v.fault_has_error = 0;
  v.fault_error = 0;
  v.fault_second = 0;
  v.fault_address = 0;
}

/** True for bits 63:47 all equal. */
@inline
export function canonical(va: u64): bool {
  return <u64>((<i64>va << 16) >> 16) == va;
}
