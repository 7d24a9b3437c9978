// KVM's guest half, demanding: it makes every legal call that the reference guest half leaves out, and after INIT it finds no area
// that it has not registered (Linux arch/x86/kvm/x86.c kvm_vcpu_reset).
import * as reference from "../../backends/kvm/guest";
import { KVM_CLOCKSOURCE2, KVM_PV_EOI, KVM_STEAL_TIME, MSR_PV_EOI, MSR_STEAL_TIME, MSR_SYSTEM_TIME } from "../../backends/kvm/abi";
import { E_INVAL } from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import { offers } from "./published";

export * from "../../backends/kvm/guest";
export { parley_hostile_step } from "./published-steps";

export function half_init(info: i64): i32 {
  let left: i64 = 0;
  if (offers(KVM_CLOCKSOURCE2)) left |= machine.rdmsr(MSR_SYSTEM_TIME);
  if (offers(KVM_STEAL_TIME)) left |= machine.rdmsr(MSR_STEAL_TIME);
  if (offers(KVM_PV_EOI)) left |= machine.rdmsr(MSR_PV_EOI);
  return left ? E_INVAL : reference.half_init(info);
}
