// KVM's guest half, hostile: hypercalls that do not exist, and ids and bitmaps that name nobody.
import {
  EINVAL,
  ENOSYS,
  EOPNOTSUPP,
  HC_CLOCK_PAIRING,
  HC_KICK_CPU,
  HC_SCHED_YIELD,
  HC_SEND_IPI,
  PAIRING_WALLCLOCK,
} from "../../backends/kvm/abi";
import { pairingArea } from "../../backends/kvm/guest/areas";
import { self } from "../../backends/lib/info";
import { DIRECT_MAP } from "../../sdk/as/info";
import { DONE, hypercall } from "./lib";

export * from "../../backends/kvm/guest";

/** A vector of the kernel that nothing else sends in the case. */
const VECTOR: i64 = 0x47;
const EVERYBODY: i64 = -1;
const UNKNOWN: StaticArray<i64> = [0, 2, 4, 12, 99, 0x7fff_ffff, -1, i64.MIN_VALUE];
const NOBODY: StaticArray<i64> = [255, 256, 0x100_00_00, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, i64.MAX_VALUE, -1];
/** Lowest ids of windows of 128 in which nobody is. */
const WINDOWS: StaticArray<i64> = [256, 1024, 0x7fff_ff00, 0x8000_0000, 0xffff_ff00, 0xffff_ff80, 0xffff_ffc0];
/** Logical destination, self, all, all but self: the targets are in the bitmap alone. */
const DESTINATIONS: StaticArray<i64> = [0x800, 0x40000, 0x80000, 0xc0000];

/** Kinds of clocks that there are not. */
const TYPES: StaticArray<i64> = [1, 2, -1];

export function parley_hostile_step(k: i32, end: i64): i32 {
  let i = k;
  if (i < UNKNOWN.length) return hypercall(UNKNOWN[i], -1, -1, -1, -1) == ENOSYS ? 0 : 1;
  i -= UNKNOWN.length;
  if (i < NOBODY.length) return hypercall(HC_KICK_CPU, -1, NOBODY[i], -1, -1) == 0 ? 0 : 1;
  i -= NOBODY.length;
  if (i < NOBODY.length) return hypercall(HC_SCHED_YIELD, NOBODY[i], -1, -1, -1) == 0 ? 0 : 1;
  i -= NOBODY.length;
  if (i < WINDOWS.length) return hypercall(HC_SEND_IPI, EVERYBODY, EVERYBODY, WINDOWS[i], VECTOR) <= 0 ? 0 : 1;
  i -= WINDOWS.length;
  if (i < DESTINATIONS.length)
    return hypercall(HC_SEND_IPI, EVERYBODY, EVERYBODY, 0, VECTOR | DESTINATIONS[i]) == EINVAL ? 0 : 1;
  return pairing(i - DESTINATIONS.length, end);
}

/** Samples of a clock that does not exist. The kind is looked at first: where the sample would go does not matter. */
function pairing(i: i32, end: i64): i32 {
  const at = pairingArea(self) - DIRECT_MAP;
  // A host without the call, or without such a clock just now, says so whatever it is asked.
  if (i >= TYPES.length || hypercall(HC_CLOCK_PAIRING, at, PAIRING_WALLCLOCK, 0, 0)) return DONE;
  const refuses = hypercall(HC_CLOCK_PAIRING, at, TYPES[i], 0, 0) == EOPNOTSUPP;
  return refuses && hypercall(HC_CLOCK_PAIRING, end, TYPES[i], 0, 0) == EOPNOTSUPP ? 0 : 1;
}
