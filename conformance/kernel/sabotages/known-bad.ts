/** Known-bad halves as sabotages: what only one case notices proves that case as well. */
import { readMutants } from "../../mutants/mutants.ts";
import type { Sabotage } from "./sabotage.ts";

const mutants = readMutants();

/** @throws Error when there is no such half */
export function knownBad(id: string, name: string): Sabotage {
  const mutant = mutants.find((item) => item.name === name);
  if (!mutant) throw new Error(`There is no known-bad half ${name} for case ${id}.`);
  const half = `${mutant.base}/${mutant.half}` as Sabotage["half"];
  return { case: id, title: mutant.title, half, edits: mutant.edits };
}
