/** Words of a campaign: score per op, then every survivor with its reason or without one. */
import type { Campaign, MutantResult } from "./campaign.ts";
import type { Review, SurvivorList } from "./survivors.ts";

const OUTSIDE = "(boot and between ops)";

/** "irq.disable  12 of 12", in the order of the names; a mutant counts for each op that reaches it. */
export function scorePerOp(results: readonly MutantResult[]): string[] {
  const scores = new Map<string, { killed: number; of: number }>();
  for (const { ops, killedBy } of results)
    for (const op of ops.length > 0 ? ops : [OUTSIDE]) {
      const score = scores.get(op) ?? { killed: 0, of: 0 };
      scores.set(op, { killed: score.killed + (killedBy ? 1 : 0), of: score.of + 1 });
    }
  return [...scores]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([op, { killed, of }]) => `  ${op.padEnd(24)} ${String(killed).padStart(4)} of ${of}`);
}

export function renderCampaign(campaign: Campaign, list: SurvivorList, found: Review): string {
  const { target, results, sites, unreached } = campaign;
  const killed = results.filter(({ killedBy }) => killedBy).length;
  const explained = results.length - killed - found.unexplained.length;
  const share = results.length === explained ? 100 : Math.floor((100 * killed) / (results.length - explained));
  const lines = [
    `${target}: killed ${killed} of ${results.length} generated mutants, ${explained} explained as equivalent: ${share} % of the rest`,
    `  ${sites} sites, ${unreached.length} that no case reaches${byFunction(unreached.map(({ func }) => func))}`,
    ...scorePerOp(results),
  ];
  for (const { reason, ids } of list[target] ?? []) {
    const alive = ids.filter((id) => results.some(({ site, killedBy }) => site.id === id && !killedBy));
    if (alive.length > 0) lines.push(`  equivalent: ${reason}`, ...alive.map((id) => `    ${id}`));
  }
  const list_ = (title: string, ids: readonly string[]) =>
    ids.length > 0 ? [`  ${title}`, ...ids.map((id) => `    ${id}`)] : [];
  lines.push(
    ...list_("survive without an explanation:", found.unexplained),
    ...list_("listed as surviving, but killed (take them off the list):", found.killed),
    ...list_("listed as surviving, but there is no such mutant (the code has changed):", found.gone),
  );
  return `${lines.join("\n")}\n`;
}

function byFunction(functions: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of functions) counts.set(name, (counts.get(name) ?? 0) + 1);
  const words = [...counts].map(([name, count]) => `${name} ${count}`);
  return words.length > 0 ? `: ${words.join(", ")}` : "";
}
