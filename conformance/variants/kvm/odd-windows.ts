// KVM's host half, hostile: when a vCPU runs again, all clocks stay under an odd version, with junk, until KICKS more vCPUs have left
// guest mode, for which they are kicked one after the other.

import { MSR_ENABLE, PVCLOCK_BYTES, PVCLOCK_SYSTEM } from "../../backends/kvm/abi";
import * as reference from "../../backends/kvm/host";
import { areaOf, systemTimeMsr, vcpus } from "../../backends/kvm/host/state";
import * as host from "../../sdk/as/host";

export { abi, boot, enter, timer } from "../../backends/kvm/host";

const SCHED_IN: i32 = 1;
const KICKS: i32 = 32;
const JUNK: i64 = -0x5555_5555_5555_5555;
let kicks: i32 = 0;

export function exit(vcpu: i32, reason: i32): i32 {
  if (kicks) proceed(vcpu);
  return reference.exit(vcpu, reason);
}

export function sched(vcpu: i32, what: i32): void {
  if (what != SCHED_IN) {
    reference.sched(vcpu, what);
    return;
  }
  for (let i = 0; i < vcpus; i++) open(i);
  kicks = KICKS;
  proceed(vcpu);
}

/** One kick further; with none left, or nobody in guest mode to be kicked, the reference writes all clocks and closes. */
function proceed(vcpu: i32): void {
  kicks -= 1;
  for (let i = 1; kicks && i < vcpus; i++) {
    const other = (vcpu + i) % vcpus;
    const state = host.get(other, host.FIELD_RUNSTATE);
    if (state != host.RUNSTATE_GUEST && state != host.RUNSTATE_HALTED) continue;
    host.kick(other);
    return;
  }
  kicks = 0;
  reference.sched(vcpu, SCHED_IN);
}

function open(vcpu: i32): void {
  const msr = systemTimeMsr(vcpu);
  const at = msr & MSR_ENABLE ? areaOf(msr & ~MSR_ENABLE, PVCLOCK_BYTES) : -1;
  if (at < 0) return;
  host.store32(at, host.load32(at) | 1);
  // Under an odd version the body means nothing.
  host.store64(at + PVCLOCK_SYSTEM, JUNK);
}
