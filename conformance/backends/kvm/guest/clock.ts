// Readers of the areas. A version that is odd or changes in between means that the host is writing: read again.
import { DIRECT_MAP } from "../../../sdk/as/info";
import * as machine from "../../../sdk/as/machine";
import { self } from "../../lib/info";
import { hzOf, scaledSince } from "../../lib/scale";
import {
  MSR_WALL_CLOCK,
  PVCLOCK_FLAGS,
  PVCLOCK_GUEST_STOPPED,
  PVCLOCK_MUL,
  PVCLOCK_SHIFT,
  PVCLOCK_SYSTEM,
  PVCLOCK_TSC,
  PVCLOCK_TSC_STABLE,
  STEAL_VERSION,
  WALL_CLOCK_NS,
  WALL_CLOCK_SECONDS,
} from "../abi";
import { clockArea, clockMaximum, stealArea, wallclockArea } from "./areas";

const NS_PER_S: i64 = 1_000_000_000;
const CMPXCHG_64: i32 = machine.SIZE_64 | machine.LOCK;
const AND_8: i32 = machine.RMW_AND | machine.SIZE_8 | machine.LOCK;

export function clockRead(): i64 {
  const at = clockArea(self);
  while (true) {
    const version = machine.load32(at);
    const origin = machine.load64(at + PVCLOCK_TSC);
    const system = machine.load64(at + PVCLOCK_SYSTEM);
    const mul = machine.load32(at + PVCLOCK_MUL);
    const shift = <i8>machine.load8(at + PVCLOCK_SHIFT);
    const flags = machine.load8(at + PVCLOCK_FLAGS);
    // Behind the loads: executed early it could belong to the parameters of before (Linux rdtsc_ordered).
    machine.lfence();
    const tsc = machine.rdtsc();
    if (!(version & 1) && machine.load32(at) == version) {
      const ns = system + <i64>scaledSince(<u64>tsc, <u64>origin, <u32>mul, shift);
      return flags & PVCLOCK_TSC_STABLE ? ns : notBefore(ns);
    }
    machine.pause();
  }
}

/** 1 if the host says that the guest was stopped since this vCPU last asked. The host may publish at any time: one locked step. */
export function noticeTake(): i32 {
  const before = machine.rmw(AND_8, clockArea(self) + PVCLOCK_FLAGS, ~PVCLOCK_GUEST_STOPPED);
  return before & PVCLOCK_GUEST_STOPPED ? 1 : 0;
}

/** Counts of the TSC per second, by the published multiplier: exact to its 32 bits. */
export function clockHz(): i64 {
  const at = clockArea(self);
  while (true) {
    const version = machine.load32(at);
    const mul = <u32>machine.load32(at + PVCLOCK_MUL);
    const shift = <i8>machine.load8(at + PVCLOCK_SHIFT);
    if (!(version & 1) && machine.load32(at) == version) return hzOf(mul, shift);
    machine.pause();
  }
}

/** The largest reading of all vCPUs so far, if it is larger: without STABLE the areas may disagree. */
function notBefore(ns: i64): i64 {
  const at = clockMaximum();
  while (true) {
    const last = machine.load64(at);
    if (<u64>last >= <u64>ns) return last;
    if (machine.cmpxchg(CMPXCHG_64, at, last, ns) == last) return ns;
  }
}

/** UTC in ns: the host fills the area with UTC at system time 0. IF = 0: a handler that asks uses the same area. */
export function wallclockRead(): i64 {
  const at = wallclockArea(self);
  const rflags = machine.pushf();
  machine.cli();
  machine.wrmsr(MSR_WALL_CLOCK, at - DIRECT_MAP);
  let version = 0;
  let utc_ns: i64 = 0;
  do {
    version = machine.load32(at);
    utc_ns = <i64>(<u32>machine.load32(at + WALL_CLOCK_SECONDS)) * NS_PER_S + <u32>machine.load32(at + WALL_CLOCK_NS);
  } while (version & 1 || machine.load32(at) != version);
  machine.popf(rflags);
  return utc_ns + clockRead();
}

export function stealRead(vcpu: i32): i64 {
  const at = stealArea(vcpu);
  while (true) {
    const version = machine.load32(at + STEAL_VERSION);
    const steal = machine.load64(at);
    if (!(version & 1) && machine.load32(at + STEAL_VERSION) == version) return steal;
    machine.pause();
  }
}
