// KVM's host half, hostile: every other HLT of a vCPU ends at once and without a reason.

import * as reference from "../../backends/kvm/host";
import { skip, VCPUS_MAX } from "../../backends/kvm/host/state";
import * as host from "../../sdk/as/host";

export { abi, boot, enter, sched, timer } from "../../backends/kvm/host";

/** u8 per vCPU: the last HLT slept. */
const slept: usize = memory.data(VCPUS_MAX);

export function exit(vcpu: i32, reason: i32): i32 {
  const halts = reason == host.EXIT_INSN && host.get(vcpu, host.FIELD_EXIT_INSN) == host.INSN_HLT;
  if (!halts) return reference.exit(vcpu, reason);
  const spurious = !load<u8>(slept + vcpu);
  store<u8>(slept + vcpu, spurious ? 1 : 0);
  return spurious ? skip(vcpu) : reference.exit(vcpu, reason);
}
