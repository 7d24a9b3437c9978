// KVM's guest half, demanding, on a host that withholds features: all of them, where variants.ts does not put others here.
import * as abi from "../../backends/kvm/abi";
import * as info from "../../sdk/as/info";
import { parley_hostile_step as publishedStep } from "./published-steps";
import { onlyOfferedIsThere } from "./withheld";

export * from "../../backends/kvm/guest";

/** EAX of the feature leaf, and the bits of this interface that are withheld. */
const SHOWN: i32 = 0;
const WITHHELD: i64 = info.FEATURES_DEFINED;

/** First whether the host shows what is left and no more; then all that may be asked of such a host. */
export function parley_hostile_step(k: i32, end: i64): i32 {
  if (k > 0) return publishedStep(k - 1, end);
  return onlyOfferedIsThere(SHOWN, WITHHELD) ? 0 : 1;
}
