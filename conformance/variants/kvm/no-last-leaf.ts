// KVM's host half, hostile: like old hosts it says 0 for the last leaf, and means the feature leaf.

import { CPUID_SIGNATURE } from "../../backends/kvm/abi";
import * as reference from "../../backends/kvm/host";
import * as host from "../../sdk/as/host";
import { cpuidLeaf } from "./leaves";

export { abi, boot, enter, sched, timer } from "../../backends/kvm/host";

export function exit(vcpu: i32, reason: i32): i32 {
  const leaf = cpuidLeaf(vcpu, reason);
  const action = reference.exit(vcpu, reason);
  if (leaf == CPUID_SIGNATURE) host.set(vcpu, host.FIELD_RAX, 0);
  return action;
}
