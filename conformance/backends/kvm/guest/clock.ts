// Readers of the areas. A version that is odd or changes in between means that the host is writing: read again.
import * as machine from "../../../sdk/as/machine";
import { self } from "../../lib/info";
import { hzOf, scaledSince } from "../../lib/scale";
import {
  PVCLOCK_FLAGS,
  PVCLOCK_MUL,
  PVCLOCK_SHIFT,
  PVCLOCK_SYSTEM,
  PVCLOCK_TSC,
  PVCLOCK_TSC_STABLE,
  STEAL_VERSION,
} from "../abi";
import { clockArea, clockMaximum, stealArea } from "./areas";

const CMPXCHG_64: i32 = machine.SIZE_64 | machine.LOCK;

export function clockRead(): i64 {
  const at = clockArea(self);
  while (true) {
    const version = machine.load32(at);
    const origin = machine.load64(at + PVCLOCK_TSC);
    const system = machine.load64(at + PVCLOCK_SYSTEM);
    const mul = machine.load32(at + PVCLOCK_MUL);
    const shift = <i8>machine.load8(at + PVCLOCK_SHIFT);
    const flags = machine.load8(at + PVCLOCK_FLAGS);
    const tsc = machine.rdtsc();
    if (!(version & 1) && machine.load32(at) == version) {
      const ns = system + <i64>scaledSince(<u64>tsc, <u64>origin, <u32>mul, shift);
      return flags & PVCLOCK_TSC_STABLE ? ns : notBefore(ns);
    }
    machine.pause();
  }
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

export function stealRead(vcpu: i32): i64 {
  const at = stealArea(vcpu);
  while (true) {
    const version = machine.load32(at + STEAL_VERSION);
    const steal = machine.load64(at);
    if (!(version & 1) && machine.load32(at + STEAL_VERSION) == version) return steal;
    machine.pause();
  }
}
