// Other answers to CPUID than the reference half gives.
import { CPUID_FEATURES, CPUID_SIGNATURE, SIGNATURE_EBX, SIGNATURE_ECX, SIGNATURE_EDX } from "../../backends/kvm/abi";
import { offered } from "../../backends/kvm/host/state";
import * as host from "../../sdk/as/host";

/** Leaf of a CPUID that exits; 0 for any other exit, and for leaf 0. To be asked before the reference half answers. */
export function cpuidLeaf(vcpu: i32, reason: i32): i32 {
  const cpuid = reason == host.EXIT_INSN && host.get(vcpu, host.FIELD_EXIT_INSN) == host.INSN_CPUID;
  return cpuid ? <i32>host.get(vcpu, host.FIELD_EXIT_A) : 0;
}

/** Writes over the answer that the reference half gave. */
export function answer(vcpu: i32, eax: i32, ebx: i32, ecx: i32, edx: i32): void {
  host.set(vcpu, host.FIELD_RAX, <i64>(<u32>eax));
  host.set(vcpu, host.FIELD_RBX, <i64>(<u32>ebx));
  host.set(vcpu, host.FIELD_RCX, <i64>(<u32>ecx));
  host.set(vcpu, host.FIELD_RDX, <i64>(<u32>edx));
}

/** KVM's two leaves from `base` on. */
export function showKvm(vcpu: i32, leaf: i32, base: i32): void {
  const own = leaf - base + CPUID_SIGNATURE;
  if (own == CPUID_SIGNATURE) answer(vcpu, base + 1, SIGNATURE_EBX, SIGNATURE_ECX, SIGNATURE_EDX);
  else if (own == CPUID_FEATURES) answer(vcpu, offered, 0, 0, 0);
}
