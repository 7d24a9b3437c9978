// KVM's host half, hostile: each time a vCPU runs again all clocks get another multiplier and shift of the same rate.

import { MSR_ENABLE, PVCLOCK_BYTES, PVCLOCK_MUL, PVCLOCK_SHIFT } from "../../backends/kvm/abi";
import * as reference from "../../backends/kvm/host";
import { areaOf, systemTimeMsr, vcpus } from "../../backends/kvm/host/state";
import * as host from "../../sdk/as/host";

export { abi, boot, enter, exit, timer } from "../../backends/kvm/host";

const SCHED_IN: i32 = 1;
let halved: bool = false;

export function sched(vcpu: i32, what: i32): void {
  reference.sched(vcpu, what);
  if (what != SCHED_IN) return;
  halved = !halved;
  if (halved) for (let i = 0; i < vcpus; i++) halve(i);
}

/** The multiplier of 2.5 GHz is even: half of it, with one more shift, is the same rate. */
function halve(vcpu: i32): void {
  const msr = systemTimeMsr(vcpu);
  const at = msr & MSR_ENABLE ? areaOf(msr & ~MSR_ENABLE, PVCLOCK_BYTES) : -1;
  if (at < 0) return;
  const version = (host.load32(at) + 1) | 1;
  host.store32(at, version);
  host.store32(at + PVCLOCK_MUL, <i32>(<u32>host.load32(at + PVCLOCK_MUL) >> 1));
  host.store8(at + PVCLOCK_SHIFT, host.load8(at + PVCLOCK_SHIFT) + 1);
  host.store32(at, version + 1);
}
