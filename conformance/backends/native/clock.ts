// Clock of the native half: the invariant TSC, scaled to ns by the frequency that CPUID names.
import * as machine from "../../sdk/as/machine";
import { scaled, scaleMul, scaleShift } from "../lib/scale";

const LEAF_TSC: i32 = 0x15;
const LEAF_FREQUENCY: i32 = 0x16;

/** Counts of the TSC per second. */
export let hz: u64 = 0;
let mul: u32 = 0;
let shift: i32 = 0;

export function clockInit(): void {
  hz = tscHz();
  shift = scaleShift(hz);
  mul = scaleMul(hz);
}

/** Leaf 0x15: crystal ECX Hz · EBX / EAX; where it is empty leaf 0x16, EAX in MHz. */
function tscHz(): u64 {
  machine.cpuid(0, 0);
  const leaf_max = <u32>machine.reg(machine.RAX);
  if (leaf_max >= <u32>LEAF_TSC) {
    machine.cpuid(LEAF_TSC, 0);
    const denominator = <u64>machine.reg(machine.RAX) & 0xffff_ffff;
    const numerator = <u64>machine.reg(machine.RBX) & 0xffff_ffff;
    const crystal_hz = <u64>machine.reg(machine.RCX) & 0xffff_ffff;
    if (denominator && numerator && crystal_hz) return (crystal_hz * numerator) / denominator;
  }
  if (leaf_max < <u32>LEAF_FREQUENCY) return 1_000_000_000;
  machine.cpuid(LEAF_FREQUENCY, 0);
  return max(<u64>machine.reg(machine.RAX) & 0xffff, 1) * 1_000_000;
}

/** RDTSC alone could execute before loads that precede it: what the caller has seen must come before the reading. */
export function clockRead(): i64 {
  machine.lfence();
  return <i64>scaled(<u64>machine.rdtsc(), mul, shift);
}
