/**
 * The checked-in list of mutants that survive, with the reason: nothing they change can be told from outside (equivalent), or
 * (gap) no case tells it yet. A gap counts as not killed.
 */
import { readFileSync } from "node:fs";
import { z } from "zod";
import type { Campaign } from "./campaign.ts";
import type { Target } from "./target.ts";

const shape = z.record(
  z.string(),
  z.array(
    z.strictObject({ reason: z.string().min(20), gap: z.literal(true).optional(), ids: z.array(z.string()).min(1) }),
  ),
);

export type SurvivorList = z.output<typeof shape>;

/** By target; throws when the file is not as it should be. */
export function readSurvivors(): SurvivorList {
  return shape.parse(JSON.parse(readFileSync(new URL("survivors.json", import.meta.url), "utf8")));
}

export function listedFor(list: SurvivorList, target: Target): string[] {
  return (list[target] ?? []).flatMap(({ ids }) => ids);
}

/** Of those listed the ones that no test could find out. */
export function equivalentIn(list: SurvivorList, target: Target): Set<string> {
  return new Set((list[target] ?? []).filter(({ gap }) => !gap).flatMap(({ ids }) => ids));
}

export interface Review {
  /** Survivors that nobody has explained. */
  unexplained: string[];
  /** Listed, and killed after all. */
  killed: string[];
  /** Listed, and no such mutant exists. */
  gone: string[];
}

/** Compares what survived with what is listed. */
export function review(campaign: Campaign, list: SurvivorList): Review {
  const listed = new Set(listedFor(list, campaign.target));
  const survivors = campaign.results.filter(({ killedBy }) => killedBy === null).map(({ site }) => site.id);
  return {
    unexplained: survivors.filter((id) => !listed.has(id)),
    killed: campaign.results.filter(({ site, killedBy }) => killedBy && listed.has(site.id)).map(({ site }) => site.id),
    gone: campaign.gone,
  };
}
