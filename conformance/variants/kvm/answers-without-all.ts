// KVM's guest half, demanding, on a host that shows nothing.
import { FEATURE_CRASH_REPORT, FEATURE_WATCHDOG } from "../../sdk/as/info";
import { parley_hostile_step as publishedStep } from "./published-steps";
import { onlyOfferedIsThere } from "./withheld";

export * from "../../backends/kvm/guest";

/** EAX of the feature leaf. */
const LEAF: i32 = 0;

export function parley_hostile_step(k: i32, end: i64): i32 {
  if (k > 0) return publishedStep(k - 1, end);
  return onlyOfferedIsThere(LEAF, FEATURE_CRASH_REPORT | FEATURE_WATCHDOG) ? 0 : 1;
}
