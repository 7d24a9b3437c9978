// Debug exceptions (SDM vol. 3, 17.2, 17.3): data breakpoints and single steps are traps behind the instruction, DR7.GD a fault before it.
import { fault, faultError, Vector } from "./faults";
import { Step } from "./ops";
import { Vcpu } from "./vcpu";

const DR7_ENABLED: u64 = 0xff;
const DR7_GD: u64 = 1 << 13;
const DR6_BD: u64 = 1 << 13;
const DR6_BS: u64 = 1 << 14;
const RFLAGS_TF: u64 = 1 << 8;
const RFLAGS_AC: u64 = 1 << 18;
const CR0_AM: u64 = 1 << 18;

/** An access of `size` bytes was made: breakpoints it hits are pending. DR7: L/G pairs in 7:0, then R/W and LEN of each, four bits from 16. */
@inline
export function watch(v: Vcpu, va: u64, size: u32, write: bool): void {
  if (v.dr7 & DR7_ENABLED) match(v, va, size, write);
}

function match(v: Vcpu, va: u64, size: u32, write: bool): void {
  for (let i: u32 = 0; i < 4; i++) {
    if (!((v.dr7 >> (2 * i)) & 3)) continue;
    const control = <u32>(v.dr7 >> (16 + 4 * i)) & 15;
    const kind = control & 3;
    if (kind != 3 && !(kind == 1 && write)) continue;
    const length: u64 = control >> 2 == 2 ? 8 : (control >> 2) + 1;
    const at = (i == 0 ? v.dr0 : i == 1 ? v.dr1 : i == 2 ? v.dr2 : v.dr3) & ~(length - 1);
    if (va < at + length && at < va + size) v.debug_pending |= 1 << i;
  }
}

/** An instruction that began with these flags has completed. */
@inline
export function stepped(v: Vcpu, flags: u64): void {
  if (flags & RFLAGS_TF) v.debug_pending |= <u32>DR6_BS;
}

/** MOV to or from a debug register while DR7.GD is set. */
export function guardDebug(v: Vcpu): i32 {
  if (!(v.dr7 & DR7_GD)) return Step.DONE;
  v.debug_pending |= <u32>DR6_BD;
  return fault(v, Vector.DB);
}

/** #DB is delivered through the IDT: DR6 says why, and GD is off for its handler. */
export function enterDebug(v: Vcpu): void {
  v.dr6 |= v.debug_pending;
  v.dr7 &= ~DR7_GD;
  v.debug_pending = 0;
}

/** Alignment check: CR0.AM, RFLAGS.AC, CPL 3. */
@inline
export function checkAlignment(v: Vcpu, va: u64, size: u32): i32 {
  if (v.cpl != 3 || !(va & (size - 1)) || !(v.rflags & RFLAGS_AC) || !(v.cr0 & CR0_AM)) return Step.DONE;
  return faultError(v, Vector.AC, 0);
}
