/** A sample that a seed fixes and that hardly changes when the code does: the sites with the smallest hashes. */
import { createHash } from "node:crypto";
import type { Site } from "./sites.ts";

/** At most `size` sites, in their order in the module. */
export function sample(sites: readonly Site[], seed: string, size: number): Site[] {
  const rank = (site: Site) => createHash("sha256").update(`${seed} ${site.id}`).digest("hex");
  const chosen = new Set(
    sites
      .map((site) => ({ id: site.id, rank: rank(site) }))
      .sort((a, b) => (a.rank < b.rank ? -1 : 1))
      .slice(0, size)
      .map(({ id }) => id),
  );
  return sites.filter(({ id }) => chosen.has(id));
}
