/** Words of a campaign: score per op, then every survivor with its reason or without one. */
import type { Campaign, MutantResult } from "./campaign.ts";
import { equivalentIn, listedFor, type Review, type SurvivorList } from "./survivors.ts";

const OUTSIDE = "(boot and between ops)";
/** Of all halves' mutants that are not listed as equivalent at least so many must be killed. */
export const KILLED_MIN_PERCENT = 90;

export interface Score {
  killed: number;
  /** Survivors that are listed as equivalent. */
  equivalent: number;
  generated: number;
}

/** Of the results that the seed chose: what is judged beside them because it is listed would only lower the score. */
export function scoreOf(results: readonly MutantResult[], equivalent: ReadonlySet<string>): Score {
  const chosen = results.filter(({ sampled }) => sampled);
  return {
    killed: chosen.filter(({ killedBy }) => killedBy).length,
    equivalent: chosen.filter(({ site, killedBy }) => !killedBy && equivalent.has(site.id)).length,
    generated: chosen.length,
  };
}

/** Rounded down; 100 where nothing is left to kill. */
export function percentKilled({ killed, equivalent, generated }: Score): number {
  return generated === equivalent ? 100 : Math.floor((100 * killed) / (generated - equivalent));
}

/** "killed 9 of 12 generated (75 %); 2 listed as equivalent: 9 of the other 10 (90 %)" */
export function scoreWords(score: Score): string {
  const { killed, equivalent, generated } = score;
  const all = percentKilled({ killed, equivalent: 0, generated });
  const others = generated - equivalent;
  return `killed ${killed} of ${generated} generated (${all} %); ${equivalent} listed as equivalent: ${killed} of the other ${others} (${percentKilled(score)} %)`;
}

/** One line per op in the order of the names; a mutant counts for each op that reaches it. */
export function scorePerOp(results: readonly MutantResult[], equivalent: ReadonlySet<string>): string[] {
  const byOp = new Map<string, MutantResult[]>();
  for (const result of results.filter(({ sampled }) => sampled))
    for (const op of result.ops.length > 0 ? result.ops : [OUTSIDE]) byOp.set(op, [...(byOp.get(op) ?? []), result]);
  return [...byOp]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([op, mine]) => `  ${op.padEnd(24)} ${scoreWords(scoreOf(mine, equivalent))}`);
}

export function renderCampaign(campaign: Campaign, list: SurvivorList, found: Review): string {
  const { target, results, sites, unreached } = campaign;
  const equivalent = equivalentIn(list, target);
  const listed = new Set(listedFor(list, target));
  const explained = results.filter(({ site, killedBy, sampled }) => sampled && !killedBy && listed.has(site.id)).length;
  const opsOf = new Map(results.map(({ site, ops }) => [site.id, ops]));
  const lines = [
    `${target}: ${scoreWords(scoreOf(results, equivalent))}; ${explained} survivors explained, ${found.unexplained.length} not`,
    `  ${sites} sites, ${unreached.length} that no case reaches${byFunction(unreached.map(({ func }) => func))}`,
    ...scorePerOp(results, equivalent),
  ];
  const titled = (title: string, ids: readonly string[]) => {
    const words = (id: string) => (opsOf.get(id)?.length ? ` [${opsOf.get(id)?.join(" ")}]` : "");
    if (ids.length > 0) lines.push(`  ${title}`, ...ids.map((id) => `    ${id}${words(id)}`));
  };
  for (const { reason, gap, ids } of list[target] ?? []) {
    const alive = ids.filter((id) => results.some(({ site, killedBy }) => site.id === id && !killedBy));
    titled(`${gap ? "no case yet" : "equivalent"}: ${reason}`, alive);
  }
  titled("survive without an explanation:", found.unexplained);
  titled("listed as surviving, but killed (take them off the list):", found.killed);
  titled("listed as surviving, but there is no such mutant (the code has changed):", found.gone);
  return `${lines.join("\n")}\n`;
}

function byFunction(functions: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of functions) counts.set(name, (counts.get(name) ?? 0) + 1);
  const words = [...counts].map(([name, count]) => `${name} ${count}`);
  return words.length > 0 ? `: ${words.join(", ")}` : "";
}
