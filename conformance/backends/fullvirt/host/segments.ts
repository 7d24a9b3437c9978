// IRET, SYSCALL and the loads of LDT and task register, with the checks that they make on the guest's descriptors.
import * as host from "../../../sdk/as/host";
import { raise, raiseGp, raiseUd, VECTOR_NP } from "./events";
import { guestValue, readGuest, writeGuest } from "./shadow/memory";
import { endShadow, INTR_NMI_BLOCKED, skip } from "./state";

const R11: i32 = 11;
const EFER_SCE: i64 = 1;
const RFLAGS_IF: i64 = 0x200;
const RFLAGS_IOPL: i64 = 0x3000;
const RFLAGS_NT: i64 = 0x4000;
/** CF PF AF ZF SF TF DF OF NT RF AC ID. */
const IRET_FLAGS: i64 = 0x25_4dd5;
const TYPE_LDT: i64 = 2;
const TYPE_TSS: i64 = 9;
const BUSY: i64 = (<i64>2) << 40;
const FRAME_WORDS: i32 = 5;
const frame: usize = memory.data(40, 8);

@inline
function frameWord(i: i32): i64 {
  return load<i64>(frame + (i << 3));
}

@inline
function canonical(va: i64): bool {
  return (va << 16) >> 16 == va;
}

@inline
function dplOf(descriptor: i64): i32 {
  return <i32>(descriptor >> 45) & 3;
}

@inline
function isPresent(descriptor: i64): bool {
  return ((descriptor >> 47) & 1) != 0;
}

/** IRET from the frame at `at`: | rip | cs | rflags | rsp | ss | upward. NMIs are unblocked even if it faults. */
export function iret(vcpu: i32, at: i64): i32 {
  const state = host.get(vcpu, host.FIELD_INTR_STATE);
  if (state & INTR_NMI_BLOCKED) host.set(vcpu, host.FIELD_INTR_STATE, state & ~INTR_NMI_BLOCKED);
  if (host.get(vcpu, host.FIELD_RFLAGS) & RFLAGS_NT) return raiseGp(vcpu);
  for (let i = 0; i < FRAME_WORDS; i++) {
    if (!readGuest(vcpu, at + (i << 3), false)) return host.ACTION_ENTER;
    store<i64>(frame + (i << 3), guestValue);
  }
  return returnTo(vcpu, frameWord(0), <i32>frameWord(1) & 0xffff, frameWord(2), frameWord(3), <i32>frameWord(4) & 0xffff);
}

function returnTo(vcpu: i32, rip: i64, cs: i32, flags: i64, rsp: i64, ss: i32): i32 {
  const cpl = <i32>host.get(vcpu, host.FIELD_CPL);
  const level = cs & 3;
  if (!codeSegment(vcpu, cs)) return host.ACTION_ENTER;
  if (level < cpl || dplOf(guestValue) != level) return raiseGp(vcpu, cs & 0xfffc);
  const stackFits = ss & 0xfffc ? (ss & 3) == level : level != 3;
  if (!stackFits) return raiseGp(vcpu, ss & 0xfffc);
  if (!canonical(rip)) return raiseGp(vcpu);
  host.set(vcpu, host.FIELD_RFLAGS, mergeFlags(vcpu, flags, IRET_FLAGS));
  host.set(vcpu, host.FIELD_RIP, rip);
  host.set(vcpu, host.FIELD_CS, cs);
  host.set(vcpu, host.FIELD_CPL, level);
  host.set(vcpu, host.FIELD_SS, ss);
  host.set(vcpu, host.FIELD_RSP, rsp);
  endShadow(vcpu);
  return host.ACTION_ENTER;
}

/** RFLAGS with the bits of `value` that POPF or IRET may change at this privilege. */
export function mergeFlags(vcpu: i32, value: i64, changeable: i64): i64 {
  const old = host.get(vcpu, host.FIELD_RFLAGS);
  const cpl = host.get(vcpu, host.FIELD_CPL);
  let mask = changeable;
  if (cpl == 0) mask |= RFLAGS_IOPL;
  if (cpl <= ((old >> 12) & 3)) mask |= RFLAGS_IF;
  return (old & ~mask) | (value & mask) | 2;
}

/** Checks a selector for 64-bit code; its descriptor is left in guestValue. False: an exception has been raised. */
function codeSegment(vcpu: i32, selector: i32): bool {
  const error = selector & 0xfffc;
  if (!error || !descriptor(vcpu, selector, 8)) return refused(vcpu, error);
  if (faulted) return false;
  if (((guestValue >> 43) & 3) != 3 || ((guestValue >> 53) & 3) != 1) return refused(vcpu, error);
  if (isPresent(guestValue)) return true;
  raise(vcpu, VECTOR_NP, error);
  return false;
}

let faulted: bool = false;

function refused(vcpu: i32, error: i32): bool {
  raiseGp(vcpu, error);
  return false;
}

/** Reads the first 8 of `size` bytes of a GDT descriptor; false: beyond the table. `faulted`: a page fault has been raised. */
function descriptor(vcpu: i32, selector: i32, size: i32): bool {
  const at = selector & 0xfff8;
  faulted = false;
  if (selector & 4 || at + size - 1 > <i32>host.get(vcpu, host.FIELD_GDT_LIMIT)) return false;
  faulted = !readGuest(vcpu, host.get(vcpu, host.FIELD_GDT_BASE) + at, true);
  return true;
}

/** LLDT; a null selector makes the LDT unusable. */
export function loadLdt(vcpu: i32, selector: i32): i32 {
  if (!(selector & 0xfffc)) {
    setLdt(vcpu, selector, 0, 0);
    return skip(vcpu);
  }
  if (!systemSegment(vcpu, selector, TYPE_LDT)) return host.ACTION_ENTER;
  setLdt(vcpu, selector, systemBase, systemLimit);
  return skip(vcpu);
}

function setLdt(vcpu: i32, selector: i32, base: i64, limit: i64): void {
  host.set(vcpu, host.FIELD_LDT_SELECTOR, selector);
  host.set(vcpu, host.FIELD_LDT_BASE, base);
  host.set(vcpu, host.FIELD_LDT_LIMIT, limit);
}

/** LTR: marks the TSS busy. */
export function loadTask(vcpu: i32, selector: i32): i32 {
  if (!(selector & 0xfffc)) return raiseGp(vcpu);
  if (!systemSegment(vcpu, selector, TYPE_TSS)) return host.ACTION_ENTER;
  const at = host.get(vcpu, host.FIELD_GDT_BASE) + (selector & 0xfff8);
  if (!writeGuest(vcpu, at, systemLow | BUSY)) return host.ACTION_ENTER;
  host.set(vcpu, host.FIELD_TR_SELECTOR, selector);
  host.set(vcpu, host.FIELD_TSS_BASE, systemBase);
  host.set(vcpu, host.FIELD_TSS_LIMIT, systemLimit);
  return skip(vcpu);
}

let systemLow: i64 = 0;
let systemBase: i64 = 0;
let systemLimit: i64 = 0;

/** Reads a system descriptor of 16 bytes; false: an exception has been raised. */
function systemSegment(vcpu: i32, selector: i32, type: i64): bool {
  const error = selector & 0xfffc;
  if (!descriptor(vcpu, selector, 16)) return refused(vcpu, error);
  if (faulted) return false;
  systemLow = guestValue;
  if (!readGuest(vcpu, host.get(vcpu, host.FIELD_GDT_BASE) + (selector & 0xfff8) + 8, true)) return false;
  if (((systemLow >> 40) & 0x1f) != type || (guestValue >> 40) & 0x1f) return refused(vcpu, error);
  if (!isPresent(systemLow)) {
    raise(vcpu, VECTOR_NP, error);
    return false;
  }
  systemBase = ((systemLow >> 16) & 0xff_ffff) | ((systemLow >> 32) & 0xff00_0000) | (guestValue << 32);
  systemLimit = (systemLow & 0xffff) | ((systemLow >> 32) & 0xf_0000);
  return true;
}

/** SYSCALL, which always leaves guest mode here: into the guest's own LSTAR. */
export function syscall(vcpu: i32): i32 {
  if (!(host.get(vcpu, host.FIELD_EFER) & EFER_SCE)) return raiseUd(vcpu);
  const flags = host.get(vcpu, host.FIELD_RFLAGS);
  const cs = (host.get(vcpu, host.FIELD_STAR) >> 32) & 0xfffc;
  host.set(vcpu, host.FIELD_RCX, host.get(vcpu, host.FIELD_RIP) + host.get(vcpu, host.FIELD_EXIT_LEN));
  host.set(vcpu, R11, flags);
  host.set(vcpu, host.FIELD_RFLAGS, (flags & ~host.get(vcpu, host.FIELD_SFMASK)) | 2);
  host.set(vcpu, host.FIELD_CS, cs);
  host.set(vcpu, host.FIELD_SS, cs + 8);
  host.set(vcpu, host.FIELD_CPL, 0);
  host.set(vcpu, host.FIELD_RIP, host.get(vcpu, host.FIELD_LSTAR));
  endShadow(vcpu);
  return host.ACTION_ENTER;
}
