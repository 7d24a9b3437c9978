import { groupOf } from "../../conformance/interface/catalogue.ts";
import type { Suite } from "../../conformance/runner/types.ts";
import { iso } from "../clock.ts";
import type { Env } from "../env.ts";
import { theSuite } from "../pipeline/engine.ts";
import { standingOf } from "../trust/standing.ts";
import { freshRead, type JsonQuery, jsonRow } from "./kept.ts";
import { scoreOf } from "./suite-view.ts";
import type { BadgeState, BadgeView, Profile, Standing, Trust, Verdict } from "./views.ts";

export type BadgeOf = { vendor: string; backend: string; group?: string } | { build: string };

interface BadgeRow {
  vendor: string;
  verifiedAt: number | null;
  backend: string;
  version: string;
  profile: Profile;
  build: string;
  run: string;
  pvi: string;
  suite: string;
  at: number;
  conforms: number;
  held: number;
  of: number;
  provenance: Trust["provenance"];
  execution: Trust["execution"];
  standing: Standing;
  summary: { core: { failed: number; error: number }; private_abi: boolean };
}

interface ClauseRow {
  op: string;
  clauses: Record<string, Verdict>;
}

interface BadgeScore {
  held: number;
  of: number;
  failed: boolean;
  whole: boolean;
}

const standing = standingOf("r");

const badge = jsonRow<BadgeRow>({
  vendor: "b.vendor",
  verifiedAt: "v.verified_at",
  backend: "b.backend",
  version: "b.version",
  profile: "b.profile",
  build: "b.digest",
  run: "r.id",
  pvi: "s.pvi",
  suite: "s.digest",
  at: "r.state_at",
  conforms: "r.conforms",
  held: "r.held",
  of: 'r."of"',
  provenance: "b.provenance",
  execution: standing.execution,
  standing: standing.standing,
  summary: "json(r.summary)",
});
const clause = jsonRow<ClauseRow>({ op: "op", clauses: "json(clauses)" });

/** The run that the badge is about, as a scalar subquery; published runs alone, and none of a reproduction's seed. */
const ofBuild =
  "(SELECT id FROM runs WHERE build = ? AND state = 'published' AND challenge = '' ORDER BY created_at DESC, attempt DESC LIMIT 1)";
const ofBackend = "(SELECT current_run FROM backends WHERE vendor = ? AND slug = ?)";

/** The ops of a group: `/` follows `.` in the order of bytes. */
const ofGroup = `(SELECT json_group_array(${clause.sql}) FROM op_results WHERE run = r.id AND op >= ? || '.' AND op < ? || '/')`;

const groupName = (of: BadgeOf): string | null => ("group" in of ? (of.group ?? null) : null);

/** Run and, for the badge of a group, its ops: one JSON array. */
export function badgeQuery(of: BadgeOf): JsonQuery {
  const group = groupName(of);
  const text = `SELECT json_array(${badge.sql}, ${group === null ? "NULL" : ofGroup})
    FROM runs r JOIN builds b ON b.digest = r.build JOIN vendors v ON v.slug = b.vendor JOIN suites s ON s.digest = r.suite
    WHERE r.id = ${"build" in of ? ofBuild : ofBackend}`;
  const named = "build" in of ? [of.build] : [of.vendor, of.backend];
  return { text, params: group === null ? named : [group, group, ...named] };
}

/** What a badge says: of a backend's current run, of one op group of it, or of a build's newest published run. */
export async function readBadge(env: Env, of: BadgeOf): Promise<BadgeView | null> {
  return badgeView(await freshRead(env, badgeQuery(of)), of);
}

/** @param json what `badgeQuery` gave */
export async function badgeView(json: string | null, of: BadgeOf): Promise<BadgeView | null> {
  const suite = await theSuite();
  const group = groupName(of);
  if (json === null || (group !== null && !suite.ops.some((op) => groupOf(op.id) === group))) return null;
  const [values, ops] = JSON.parse(json) as [unknown[], unknown[][] | null];
  const row = badge.row(values);
  const score = group === null ? wholeScore(row) : groupScore(suite, row.profile, group, (ops ?? []).map(clause.row));
  // A profile that owes nothing in this group has nothing to show.
  if (score.of === 0) return null;
  const { vendor, backend, version, build, run, pvi, provenance, execution } = row;
  return {
    vendor,
    unverified: row.verifiedAt === null,
    backend,
    version,
    build,
    run,
    group,
    state: stateOf(row, score, suite.digest),
    trust: { provenance, execution },
    privateAbi: row.summary.private_abi,
    pvi,
    suite: row.suite,
    at: iso(row.at),
    held: score.held,
    of: score.of,
  };
}

function wholeScore({ held, of, conforms, summary }: BadgeRow): BadgeScore {
  return { held, of, failed: summary.core.failed + summary.core.error > 0, whole: conforms === 1 };
}

function groupScore(suite: Suite, profile: Profile, group: string, rows: ClauseRow[]): BadgeScore {
  const score = scoreOf(suite, profile, group, new Map(rows.map(({ op, clauses }) => [op, clauses])));
  return { ...score, whole: score.of > 0 && score.held === score.of };
}

/**
 * A withdrawn build shows nothing else, a disputed result no verdict, and one of another suite no present one. Then: failing as soon
 * as one core clause failed; passing only if all were run and held; what lies between is partial.
 */
function stateOf(row: BadgeRow, { failed, whole }: BadgeScore, suite: string): BadgeState {
  if (row.standing !== "valid") return row.standing;
  if (row.suite !== suite) return "stale";
  if (failed) return "failing";
  return whole ? "passing" : "partial";
}
