// KVM's host half, hostile: its CPUID leaf offers everything, but every call and every register of KVM's is refused.

import * as reference from "../../backends/kvm/host";
import { CPUID_FEATURES } from "../../backends/kvm/abi";
import { offered, stateInit } from "../../backends/kvm/host/state";
import * as host from "../../sdk/as/host";
import { answer, cpuidLeaf } from "./leaves";

export { abi, enter, sched, timer } from "../../backends/kvm/host";

let promised: i32 = 0;

export function boot(): i32 {
  const result = reference.boot();
  promised = offered;
  stateInit(<i32>host.param(host.PARAM_VCPUS), 0);
  return result;
}

export function exit(vcpu: i32, reason: i32): i32 {
  const leaf = cpuidLeaf(vcpu, reason);
  const action = reference.exit(vcpu, reason);
  if (leaf == CPUID_FEATURES) answer(vcpu, promised, 0, 0, 0);
  return action;
}
