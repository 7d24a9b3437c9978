// KVM's host half, hostile: the clock of vCPU v is v µs behind, as where counters are not in step, and the stable flag is never set.

import { MSR_ENABLE, PVCLOCK_BYTES, PVCLOCK_FLAGS, PVCLOCK_SYSTEM, PVCLOCK_TSC_STABLE } from "../../backends/kvm/abi";
import * as reference from "../../backends/kvm/host";
import { areaOf, systemTimeMsr, vcpus } from "../../backends/kvm/host/state";
import * as host from "../../sdk/as/host";

export { abi, boot, exit, timer } from "../../backends/kvm/host";

const SCHED_IN: i32 = 1;
const BEHIND_NS: i64 = 1000;
/** Version of each area when it was set back: u32[8]. */
const versions: usize = memory.data(32, 4);

/** All areas are written anew: whose vCPU is in guest mode comes out first, and goes back through enter. */
export function sched(vcpu: i32, what: i32): void {
  if (what == SCHED_IN) for (let i = 0; i < vcpus; i++) if (i != vcpu) host.stop(i);
  reference.sched(vcpu, what);
}

export function enter(vcpu: i32): void {
  reference.enter(vcpu);
  const msr = systemTimeMsr(vcpu);
  const at = msr & MSR_ENABLE ? areaOf(msr & ~MSR_ENABLE, PVCLOCK_BYTES) : -1;
  const kept = versions + ((<usize>vcpu) << 2);
  if (at < 0 || host.load32(at) == load<i32>(kept)) return;
  const version = (host.load32(at) + 1) | 1;
  host.store32(at, version);
  host.store64(at + PVCLOCK_SYSTEM, host.load64(at + PVCLOCK_SYSTEM) - vcpu * BEHIND_NS);
  host.store8(at + PVCLOCK_FLAGS, host.load8(at + PVCLOCK_FLAGS) & ~PVCLOCK_TSC_STABLE);
  // Padding: whatever it says is not the flag.
  host.store16(at + PVCLOCK_FLAGS + 1, -1);
  host.store32(at, version + 1);
  store<i32>(kept, version + 1);
}
