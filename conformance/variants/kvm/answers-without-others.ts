// KVM's guest half, demanding, on a host that shows the features which answers-without-some leaves out.
import { KVM_PV_EOI, KVM_PV_SCHED_YIELD, KVM_PV_TLB_FLUSH, KVM_STEAL_TIME } from "../../backends/kvm/abi";
import { FEATURE_WATCHDOG } from "../../sdk/as/info";
import { parley_hostile_step as publishedStep } from "./published-steps";
import { onlyOfferedIsThere } from "./withheld";

export * from "../../backends/kvm/guest";

const LEAF: i32 = KVM_PV_EOI | KVM_PV_SCHED_YIELD | KVM_PV_TLB_FLUSH | KVM_STEAL_TIME;

export function parley_hostile_step(k: i32, end: i64): i32 {
  if (k > 0) return publishedStep(k - 1, end);
  return onlyOfferedIsThere(LEAF, FEATURE_WATCHDOG) ? 0 : 1;
}
