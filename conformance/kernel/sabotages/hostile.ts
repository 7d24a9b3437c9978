/** Sabotages of the cases for hostile guest halves: known-bad host halves that a friendly guest does not find out. */
import { readMutants } from "../../mutants/mutants.ts";
import { host, type Sabotage } from "./sabotage.ts";

const mutants = readMutants();

function knownBad(id: string, name: string): Sabotage {
  const mutant = mutants.find((item) => item.name === name);
  if (!mutant) throw new Error(`There is no known-bad half ${name} for case ${id}.`);
  return host(id, mutant.title, ...mutant.edits);
}

export const hostileSabotages: readonly Sabotage[] = [
  knownBad("hostile-areas", "kvm-areas-unchecked"),
  knownBad("hostile-hypercalls", "kvm-ids-truncated"),
  knownBad("hostile-answers", "kvm-wallclock-forgotten"),
  knownBad("hostile-rewriting", "kvm-trusts-area"),
];
