// KVM's host half, hostile: whenever a vCPU runs again, every counter has the next frequency, as after a migration, and what is
// published is a pair that the counter reaches a little later.

import { MSR_ENABLE, PVCLOCK_BYTES, PVCLOCK_MUL, PVCLOCK_SHIFT, PVCLOCK_SYSTEM, PVCLOCK_TSC } from "../../backends/kvm/abi";
import * as reference from "../../backends/kvm/host";
import { areaOf, systemTimeMsr, vcpus } from "../../backends/kvm/host/state";
import * as host from "../../sdk/as/host";

export { abi, boot, enter, exit, timer } from "../../backends/kvm/host";

const SCHED_IN: i32 = 1;
const GHZ: i64 = 1_000_000_000;
/** Hz: shifts from 2 to -2; multipliers that are exact, all but all ones, and cut off. */
const FREQUENCIES: StaticArray<i64> = [
  500_000_000, 1_000_000_000, 1_000_000_001, 2_000_000_000, 2_000_000_001, 2_500_000_000, 3_000_000_000, 4_000_000_000,
  4_294_967_296, 5_000_000_000, 625_000_000,
];
/** How far in the future the pair lies, ns. */
const LEAD: i64 = 100;
let next: i32 = 0;

export function sched(vcpu: i32, what: i32): void {
  if (what != SCHED_IN) {
    reference.sched(vcpu, what);
    return;
  }
  const hz = FREQUENCIES[next];
  next = (next + 1) % FREQUENCIES.length;
  for (let i = 0; i < vcpus; i++) if (i != vcpu) host.stop(i);
  for (let i = 0; i < vcpus; i++) host.set(i, host.FIELD_TSC_SCALE, scaleOf(hz));
  reference.sched(vcpu, what);
  for (let i = 0; i < vcpus; i++) lead(i, hz);
}

/** 32.32 fixed point, to the nearest. */
function scaleOf(hz: i64): i64 {
  const bare_hz = host.tsc_hz();
  return ((hz / bare_hz) << 32) + (((hz % bare_hz) << 32) + (bare_hz >> 1)) / bare_hz;
}

/** Everybody is out of guest mode: nobody reads meanwhile. At 1 GHz the multiplier may also be the largest there is. */
function lead(vcpu: i32, hz: i64): void {
  const msr = systemTimeMsr(vcpu);
  const at = msr & MSR_ENABLE ? areaOf(msr & ~MSR_ENABLE, PVCLOCK_BYTES) : -1;
  if (at < 0) return;
  host.store64(at + PVCLOCK_TSC, host.load64(at + PVCLOCK_TSC) + (LEAD * hz) / GHZ);
  host.store64(at + PVCLOCK_SYSTEM, host.load64(at + PVCLOCK_SYSTEM) + LEAD);
  if (hz != GHZ) return;
  host.store32(at + PVCLOCK_MUL, -1);
  host.store8(at + PVCLOCK_SHIFT, 0);
}
