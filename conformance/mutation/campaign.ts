/** One half's generated mutants: which sites there are, who reaches them, which survive. */
import { runJobs } from "./pool.ts";
import { measureReach, type Reach } from "./reach.ts";
import { sample } from "./sample.ts";
import { type Site, sitesOf } from "./sites.ts";
import { type Bench, readTarget, type Target } from "./target.ts";
import type { MutantVerdict } from "./verdict.ts";

export interface MutantResult {
  site: Site;
  ops: string[];
  killedBy: string | null;
  /** Chosen by the seed, not judged only because it is listed. */
  sampled: boolean;
}

export interface Campaign {
  target: Target;
  sites: number;
  /** Sites that no case and no boot reaches. */
  unreached: Site[];
  /** The sample of those that something reaches, and what is listed as surviving besides. */
  results: MutantResult[];
  /** Ids listed as surviving that no site has. */
  gone: string[];
}

export interface CampaignOptions {
  seed: string;
  size: number;
  /** Ids that are judged whether or not the sample has them. */
  listed: readonly string[];
  onDone?: (done: number, of: number) => void;
}

export async function runCampaign(bench: Bench, target: Target, options: CampaignOptions): Promise<Campaign> {
  const sites = sitesOf(readTarget(target));
  const measured = await measureReach(bench, target, sites);
  const reach = new Map(sites.map((site, k) => [site.id, measured[k] as Reach]));
  const reached = sites.filter(({ id }) => (reach.get(id)?.units.length ?? 0) > 0);
  const chosen = new Set(sample(reached, options.seed, options.size).map(({ id }) => id));
  const due = reached.filter(({ id }) => chosen.has(id) || options.listed.includes(id));
  const jobs = due.map((site) => ({
    kind: "mutant" as const,
    target,
    site,
    reached: reach.get(site.id)?.units ?? [],
  }));
  const verdicts = await runJobs<MutantVerdict>(jobs, (done) => options.onDone?.(done, due.length));
  return {
    target,
    sites: sites.length,
    unreached: sites.filter(({ id }) => (reach.get(id)?.units.length ?? 0) === 0),
    results: due.map((site, k) => ({
      site,
      ops: reach.get(site.id)?.ops ?? [],
      killedBy: verdicts[k]?.killedBy ?? null,
      sampled: chosen.has(site.id),
    })),
    gone: options.listed.filter((id) => !reach.has(id)),
  };
}
