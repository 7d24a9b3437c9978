// KVM's host half, hostile: an interface comes first whose signature has KVM's words in another order, and whose next leaf has
// every bit set. KVM's own leaves begin 0x100 further on and offer the clock alone.

import {
  CPUID_SIGNATURE,
  KVM_CLOCKSOURCE_STABLE,
  KVM_CLOCKSOURCE2,
  SIGNATURE_EBX,
  SIGNATURE_ECX,
  SIGNATURE_EDX,
} from "../../backends/kvm/abi";
import * as reference from "../../backends/kvm/host";
import { stateInit } from "../../backends/kvm/host/state";
import * as host from "../../sdk/as/host";
import { answer, cpuidLeaf, showKvm } from "./leaves";

export { abi, enter, sched, timer } from "../../backends/kvm/host";

export function boot(): i32 {
  const result = reference.boot();
  stateInit(<i32>host.param(host.PARAM_VCPUS), KVM_CLOCKSOURCE2 | KVM_CLOCKSOURCE_STABLE);
  return result;
}

export function exit(vcpu: i32, reason: i32): i32 {
  const leaf = cpuidLeaf(vcpu, reason);
  const action = reference.exit(vcpu, reason);
  if (leaf == CPUID_SIGNATURE) answer(vcpu, leaf + 1, SIGNATURE_ECX, SIGNATURE_EBX, SIGNATURE_EDX);
  else if (leaf == CPUID_SIGNATURE + 1) answer(vcpu, -1, 0, 0, 0);
  else showKvm(vcpu, leaf, CPUID_SIGNATURE + 0x100);
  return action;
}
