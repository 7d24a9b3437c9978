/** Sabotages of the cases for hostile guest halves: known-bad host halves that a friendly guest does not find out. */
import { knownBad } from "./known-bad.ts";
import type { Sabotage } from "./sabotage.ts";

export const hostileSabotages: readonly Sabotage[] = [
  knownBad("hostile-areas", "kvm-areas-unchecked"),
  knownBad("hostile-hypercalls", "kvm-ids-truncated"),
  knownBad("hostile-answers", "kvm-wallclock-forgotten"),
  knownBad("hostile-rewriting", "kvm-trusts-area"),
];
