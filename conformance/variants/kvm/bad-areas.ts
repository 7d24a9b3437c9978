// KVM's guest half, hostile: it registers time and steal areas where there is no memory of its own, and the right ones again.
import {
  EFAULT,
  ENOSYS,
  EOPNOTSUPP,
  HC_CLOCK_PAIRING,
  MSR_ENABLE,
  MSR_STEAL_TIME,
  MSR_SYSTEM_TIME,
  MSR_WALL_CLOCK,
  PAIRING_WALLCLOCK,
  STEAL_RESERVED,
} from "../../backends/kvm/abi";
import { areasRegister } from "../../backends/kvm/guest/areas";
import * as machine from "../../sdk/as/machine";
import { DONE, hypercall, refused } from "./lib";

export * from "../../backends/kvm/guest";

const AREAS: i32 = 3;
const PLACES: i32 = 9;
/** Reserved bits of the steal time MSR. */
const RESERVED: i32 = 5;

/** Steps 0 to 26: each area at each place. Then the reserved bits, each of which must be refused, and samples of the clock. */
export function parley_hostile_step(k: i32, end: i64): i32 {
  if (k >= AREAS * PLACES) return reserved(k - AREAS * PLACES, end);
  const msr = k % AREAS == 0 ? MSR_SYSTEM_TIME : k % AREAS == 1 ? MSR_STEAL_TIME : MSR_WALL_CLOCK;
  // The host may refuse or ignore what it cannot use.
  refused(msr, place(k / AREAS, end) | (msr == MSR_WALL_CLOCK ? 0 : MSR_ENABLE));
  // Another exit, so that a host that writes on the way back does.
  machine.cpuid(0, 0);
  areasRegister();
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
