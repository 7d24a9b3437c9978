// KVM's host half, hostile: another hypervisor's interface comes first, KVM's own leaves begin 0x100 further on.

import { CPUID_SIGNATURE } from "../../backends/kvm/abi";
import * as reference from "../../backends/kvm/host";
import { answer, cpuidLeaf, showKvm } from "./leaves";

export { abi, boot, enter, sched, timer } from "../../backends/kvm/host";

const OWN: i32 = CPUID_SIGNATURE + 0x100;
/** "Microsoft Hv" in EBX, ECX, EDX, and "Hv#1" in EAX of the next leaf. */
const FOREIGN_EBX: i32 = 0x7263694d;
const FOREIGN_ECX: i32 = 0x666f736f;
const FOREIGN_EDX: i32 = 0x76482074;
const FOREIGN_INTERFACE: i32 = 0x31237648;
const FOREIGN_LEAVES: i32 = 5;

export function exit(vcpu: i32, reason: i32): i32 {
  const leaf = cpuidLeaf(vcpu, reason);
  const action = reference.exit(vcpu, reason);
  if (leaf == CPUID_SIGNATURE) answer(vcpu, leaf + FOREIGN_LEAVES, FOREIGN_EBX, FOREIGN_ECX, FOREIGN_EDX);
  else if (leaf == CPUID_SIGNATURE + 1) answer(vcpu, FOREIGN_INTERFACE, 0, 0, 0);
  else showKvm(vcpu, leaf, OWN);
  return action;
}
