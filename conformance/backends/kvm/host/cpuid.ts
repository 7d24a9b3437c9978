// CPUID as the guest sees it: the bare machine's, the hypervisor bit, and KVM's two leaves.

import * as host from "../../../sdk/as/host";
import {
  FEATURE_CLOCK,
  FEATURE_CLOCK_STABLE,
  FEATURE_EOI,
  FEATURE_IPI,
  FEATURE_REMOTE_FLUSH,
  FEATURE_STEAL,
  FEATURE_WAIT,
  FEATURE_YIELD,
} from "../../../sdk/as/info";
import {
  CPUID_FEATURES,
  CPUID_SIGNATURE,
  KVM_CLOCKSOURCE_STABLE,
  KVM_CLOCKSOURCE2,
  KVM_PV_EOI,
  KVM_PV_SCHED_YIELD,
  KVM_PV_SEND_IPI,
  KVM_PV_TLB_FLUSH,
  KVM_PV_UNHALT,
  KVM_STEAL_TIME,
  SIGNATURE_EBX,
  SIGNATURE_ECX,
  SIGNATURE_EDX,
} from "../abi";
import { offered, skip } from "./state";

const LEAF_VERSION: i32 = 1;
const ECX_HYPERVISOR: i32 = 1 << 31;
const PV_MASK: i32 = 0xffffff00;

/** KVM's feature word for a user's veto in the bits of this interface. */
export function featuresAllowed(mask: i64): i32 {
  let word = 0;
  if (mask & FEATURE_CLOCK) word |= KVM_CLOCKSOURCE2;
  if (mask & FEATURE_CLOCK && mask & FEATURE_CLOCK_STABLE) word |= KVM_CLOCKSOURCE_STABLE;
  if (mask & FEATURE_STEAL) word |= KVM_STEAL_TIME;
  if (mask & FEATURE_EOI) word |= KVM_PV_EOI;
  if (mask & FEATURE_WAIT) word |= KVM_PV_UNHALT;
  if (mask & FEATURE_REMOTE_FLUSH) word |= KVM_PV_TLB_FLUSH;
  if (mask & FEATURE_IPI) word |= KVM_PV_SEND_IPI;
  if (mask & FEATURE_YIELD) word |= KVM_PV_SCHED_YIELD;
  return word;
}

export function exitCpuid(vcpu: i32): i32 {
  const leaf = <i32>host.get(vcpu, host.FIELD_EXIT_A);
  const sub = <i32>host.get(vcpu, host.FIELD_EXIT_B);
  if (leaf == CPUID_SIGNATURE) answer(vcpu, CPUID_FEATURES, SIGNATURE_EBX, SIGNATURE_ECX, SIGNATURE_EDX);
  else if (leaf == CPUID_FEATURES) answer(vcpu, offered, 0, 0, 0);
  else if ((leaf & PV_MASK) == CPUID_SIGNATURE) answer(vcpu, 0, 0, 0, 0);
  else bare(vcpu, leaf, sub);
  return skip(vcpu);
}

function bare(vcpu: i32, leaf: i32, sub: i32): void {
  const hypervisor = leaf == LEAF_VERSION ? ECX_HYPERVISOR : 0;
  answer(
    vcpu,
    host.cpuid(leaf, sub, 0),
    host.cpuid(leaf, sub, 1),
    host.cpuid(leaf, sub, 2) | hypervisor,
    host.cpuid(leaf, sub, 3),
  );
}

function answer(vcpu: i32, eax: i32, ebx: i32, ecx: i32, edx: i32): void {
  host.set(vcpu, host.FIELD_RAX, <i64>(<u32>eax));
  host.set(vcpu, host.FIELD_RBX, <i64>(<u32>ebx));
  host.set(vcpu, host.FIELD_RCX, <i64>(<u32>ecx));
  host.set(vcpu, host.FIELD_RDX, <i64>(<u32>edx));
}
