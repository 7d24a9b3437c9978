// KVM's host half, hostile: whenever a vCPU runs again, every counter has the next frequency, as after a migration, and what is
// published is a pair that the counter reaches a little later.

import { MSR_ENABLE, PVCLOCK_BYTES, PVCLOCK_MUL, PVCLOCK_SHIFT, PVCLOCK_SYSTEM, PVCLOCK_TSC } from "../../backends/kvm/abi";
import * as reference from "../../backends/kvm/host";
import { areaOf, systemTimeMsr, vcpus } from "../../backends/kvm/host/state";
import * as host from "../../sdk/as/host";

export { abi, boot, enter, exit, timer } from "../../backends/kvm/host";

const SCHED_IN: i32 = 1;
const GHZ: i64 = 1_000_000_000;
/** Hz: shifts from 2 to -2, and -31; multipliers that are exact, all but all ones, and cut off. */
const FREQUENCIES: StaticArray<i64> = [
  500_000_000, 1_000_000_000, 1_000_000_001, 2_000_000_000, 2_000_000_001, 2_500_000_000, 3_000_000_000, 4_000_000_000,
  4_294_967_296, 5_000_000_000, 625_000_000, 1_000_000_000, 4_294_967_296_000_000_000,
];
/** Of those of 1 GHz: the one whose multiplier is the largest there is, and the one that is shifted as far as it may be. */
const LARGEST: i32 = 1;
const FARTHEST: i32 = 11;
/** How far in the future the pair lies, ns. */
const LEAD: i64 = 100;
let next: i32 = 0;

export function sched(vcpu: i32, what: i32): void {
  if (what != SCHED_IN) {
    reference.sched(vcpu, what);
    return;
  }
  const present = next;
  const hz = FREQUENCIES[present];
  next = (next + 1) % FREQUENCIES.length;
  for (let i = 0; i < vcpus; i++) if (i != vcpu) host.stop(i);
  for (let i = 0; i < vcpus; i++) host.set(i, host.FIELD_TSC_SCALE, scaleOf(hz));
  reference.sched(vcpu, what);
  for (let i = 0; i < vcpus; i++) lead(i, hz);
  if (present == LARGEST) for (let i = 0; i < vcpus; i++) publish(i, -1, 0);
  if (present == FARTHEST) for (let i = 0; i < vcpus; i++) publish(i, 2, 31);
}

/** 32.32 fixed point, to the nearest. */
function scaleOf(hz: i64): i64 {
  const bare_hz = host.tsc_hz();
  return ((hz / bare_hz) << 32) + (((hz % bare_hz) << 32) + (bare_hz >> 1)) / bare_hz;
}

/** Machine address of the vCPU's area, -1 when none is registered. */
function area(vcpu: i32): i64 {
  const msr = systemTimeMsr(vcpu);
  return msr & MSR_ENABLE ? areaOf(msr & ~MSR_ENABLE, PVCLOCK_BYTES) : -1;
}

/** Everybody is out of guest mode: nobody reads meanwhile. */
function lead(vcpu: i32, hz: i64): void {
  const at = area(vcpu);
  if (at < 0) return;
  const ticks = LEAD * (hz / GHZ) + (LEAD * (hz % GHZ)) / GHZ;
  host.store64(at + PVCLOCK_TSC, host.load64(at + PVCLOCK_TSC) + ticks);
  host.store64(at + PVCLOCK_SYSTEM, host.load64(at + PVCLOCK_SYSTEM) + LEAD);
}

/** Another multiplier and shift for 1 GHz. */
function publish(vcpu: i32, mul: i32, shift: i32): void {
  const at = area(vcpu);
  if (at < 0) return;
  host.store32(at + PVCLOCK_MUL, mul);
  host.store8(at + PVCLOCK_SHIFT, shift);
}
