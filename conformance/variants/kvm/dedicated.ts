// KVM's host half, hostile: it says that vCPUs are never preempted, and offers what only preempted ones need all the same.
import { CPUID_FEATURES, KVM_HINT_REALTIME } from "../../backends/kvm/abi";
import * as reference from "../../backends/kvm/host";
import * as host from "../../sdk/as/host";

export { abi, boot, enter, sched, timer } from "../../backends/kvm/host";

export function exit(vcpu: i32, reason: i32): i32 {
  const asked = reason == host.EXIT_INSN && host.get(vcpu, host.FIELD_EXIT_INSN) == host.INSN_CPUID;
  const hints = asked && <i32>host.get(vcpu, host.FIELD_EXIT_A) == CPUID_FEATURES;
  const action = reference.exit(vcpu, reason);
  if (hints) host.set(vcpu, host.FIELD_RDX, host.get(vcpu, host.FIELD_RDX) | KVM_HINT_REALTIME);
  return action;
}
