// KVM's guest half, demanding, on a host that shows clock, IPI and waiting: a mask that lets a feature through by a wrong bit is seen.
import { KVM_CLOCKSOURCE2, KVM_PV_SEND_IPI, KVM_PV_UNHALT } from "../../backends/kvm/abi";
import { FEATURE_CLOCK_PAIRING, FEATURE_CRASH_REPORT } from "../../sdk/as/info";
import { parley_hostile_step as publishedStep } from "./published-steps";
import { onlyOfferedIsThere } from "./withheld";

export * from "../../backends/kvm/guest";

const LEAF: i32 = KVM_CLOCKSOURCE2 | KVM_PV_SEND_IPI | KVM_PV_UNHALT;

export function parley_hostile_step(k: i32, end: i64): i32 {
  if (k > 0) return publishedStep(k - 1, end);
  return onlyOfferedIsThere(LEAF, FEATURE_CLOCK_PAIRING | FEATURE_CRASH_REPORT) ? 0 : 1;
}
