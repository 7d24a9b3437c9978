// KVM's guest half, hostile: it registers areas where there is no memory of its own, misaligned and across pages, and the right ones again.
import {
  EFAULT,
  ENOSYS,
  EOPNOTSUPP,
  HC_CLOCK_PAIRING,
  MSR_ENABLE,
  MSR_PV_EOI,
  MSR_STEAL_TIME,
  MSR_SYSTEM_TIME,
  MSR_WALL_CLOCK,
  PAIRING_WALLCLOCK,
  PVCLOCK_BYTES,
  STEAL_BYTES,
  STEAL_RESERVED,
  WALL_CLOCK_BYTES,
} from "../../backends/kvm/abi";
import { areasRegister } from "../../backends/kvm/guest/areas";
import { sharedVa } from "../../backends/lib/info";
import { DIRECT_MAP } from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import { DONE, hypercall, refused } from "./lib";

export * from "../../backends/kvm/guest";

/** Every register that takes an area, with the bytes that the host may write there. */
const AREAS: StaticArray<i32> = [MSR_SYSTEM_TIME, MSR_STEAL_TIME, MSR_WALL_CLOCK, MSR_PV_EOI];
const BYTES: StaticArray<i32> = [PVCLOCK_BYTES, STEAL_BYTES, WALL_CLOCK_BYTES, 4];
const PLACES: i32 = 9;
/** Reserved bits of the steal time MSR. */
const RESERVED: i32 = 5;

/** Offsets in two pages of this half's own: misaligned, at the end of the first page, across both. */
const OFFSETS: StaticArray<i32> = [66, 68, 4032, 4064, 4084, 4090, 4092, 4094];
const OWN_PAGE: i64 = 5 * 4096;
const CANARY: i64 = 0x0ca_0a11_ca0a_11ca;
const MARGIN: i64 = 64;

/** Each area at each place that is not there, then at each odd place inside, then each reserved bit, and samples of the clock. */
export function parley_hostile_step(k: i32, end: i64): i32 {
  const area = k % AREAS.length;
  const i = k / AREAS.length;
  if (i < PLACES) return outside(AREAS[area], place(i, end), end);
  if (i < PLACES + OFFSETS.length) return inside(area, OFFSETS[i - PLACES]);
  return reserved(k - AREAS.length * (PLACES + OFFSETS.length), end);
}

/** 0 if nothing is written at address 0 in its stead, and MSR_PV_EOI raises #GP (Linux arch/x86/kvm/lapic.c kvm_lapic_set_pv_eoi). */
function outside(msr: i32, gpa: i64, end: i64): i32 {
  const kept = sharedVa + OWN_PAGE;
  for (let i: i64 = 0; i < MARGIN; i += 8) machine.store64(kept + i, machine.load64(DIRECT_MAP + i));
  machine.fill(DIRECT_MAP, CANARY, 8);
  const no = attack(msr, gpa);
  let right = no || msr != MSR_PV_EOI || <u64>gpa < <u64>end;
  for (let i: i64 = 0; i < MARGIN; i += 8) {
    if (machine.load64(DIRECT_MAP + i) != CANARY) right = false;
    machine.store64(DIRECT_MAP + i, machine.load64(kept + i));
  }
  return right ? 0 : 1;
}

/** The host may refuse or ignore what it cannot use. True if it refused. */
function attack(msr: i32, gpa: i64): bool {
  const no = refused(msr, gpa | (msr == MSR_WALL_CLOCK ? 0 : MSR_ENABLE));
  // Another exit, so that a host that writes on the way back does.
  machine.cpuid(0, 0);
  areasRegister();
  return no;
}

/** 0 if nothing but the area has changed, and nothing at all where it was refused. */
function inside(area: i32, offset: i32): i32 {
  const at = sharedVa + OWN_PAGE + offset;
  const first = (at & ~7) - MARGIN;
  machine.fill(first, CANARY, 24);
  const length = attack(AREAS[area], at - DIRECT_MAP) ? 0 : BYTES[area];
  for (let va = first; va < first + 192; va += 8)
    if ((va + 8 <= at || va >= at + length) && machine.load64(va) != CANARY) return 1;
  return 0;
}

function place(i: i32, end: i64): i64 {
  switch (i) {
    case 0:
      return end;
    case 1:
      // Across the end of memory.
      return end - 8;
    case 2:
      return end + 4096 * 70;
    case 3:
      return end + 4096 * 1000;
    case 4:
      return (<i64>1) << 40;
    case 5:
      // Beyond 52 bits, which no physical address has.
      return (<i64>1) << 60;
    case 6:
      // Not canonical as an address, negative as a number.
      return (<i64>1) << 63;
    case 7:
      return -64;
    default:
      // The frame number overflows 32 bits.
      return (<i64>1) << 44;
  }
}

function reserved(i: i32, end: i64): i32 {
  if (i >= RESERVED) return sample(i - RESERVED, end);
  const bit = (<i64>2) << i;
  return bit & STEAL_RESERVED && !refused(MSR_STEAL_TIME, bit) ? 1 : 0;
}

/** A sample of the clock goes nowhere but to the guest's memory. A host may be without the call, or without such a clock just now. */
function sample(i: i32, end: i64): i32 {
  if (i >= PLACES) return DONE;
  const answer = hypercall(HC_CLOCK_PAIRING, place(i, end), PAIRING_WALLCLOCK, 0, 0);
  return answer == EFAULT || answer == ENOSYS || answer == EOPNOTSUPP ? 0 : 1;
}
