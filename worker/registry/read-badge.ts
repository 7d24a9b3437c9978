import { sql } from "drizzle-orm";
import type { Suite } from "../../conformance/runner/types.ts";
import { iso } from "../clock.ts";
import { statement } from "../db/client.ts";
import type { Env } from "../env.ts";
import { theSuite } from "../pipeline/engine.ts";
import { groupOf, scoreOf } from "./suite-view.ts";
import type { BadgeState, BadgeView, Profile, Verdict } from "./views.ts";

export type BadgeOf = { vendor: string; backend: string; group?: string } | { build: string };

interface BadgeRow {
  vendor: string;
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
  summary: string;
}

interface ClauseRow {
  op: string;
  clauses: string;
}

/** What a badge says: of a backend's current run, of one op group of it, or of a build's newest published run. */
export async function readBadge(env: Env, of: BadgeOf): Promise<BadgeView | null> {
  const suite = await theSuite();
  const group = "group" in of ? (of.group ?? null) : null;
  if (group !== null && !suite.ops.some((op) => groupOf(op.id) === group)) return null;
  const rowQuery = sql`SELECT b.vendor, b.backend, b.version, b.profile, b.digest AS build, r.id AS run, s.pvi, s.digest AS suite,
      r.state_at AS at, r.conforms, r.held, r."of", r.summary
    FROM runs r JOIN builds b ON b.digest = r.build JOIN suites s ON s.digest = r.suite WHERE r.id = ${runOf(of)}`;
  // The ops of a group: `/` follows `.` in the order of bytes.
  const opsQuery = sql`SELECT op, clauses FROM op_results
    WHERE ${group} IS NOT NULL AND run = ${runOf(of)} AND op >= ${`${group}.`} AND op < ${`${group}/`}`;
  const answers = await env.DB.batch([statement(env, rowQuery), statement(env, opsQuery)]);
  const [[row], ops] = answers.map((answer) => answer.results) as [BadgeRow[], ClauseRow[]];
  if (!row) return null;
  const score = group === null ? wholeScore(row) : groupScore(suite, row.profile, group, ops);
  // A profile that owes nothing in this group has nothing to show.
  if (score.of === 0) return null;
  const { vendor, backend, version, build, run, pvi } = row;
  return {
    vendor,
    backend,
    version,
    build,
    run,
    group,
    state: row.suite === suite.digest ? stateOf(score) : "stale",
    pvi,
    suite: row.suite,
    at: iso(row.at),
    held: score.held,
    of: score.of,
  };
}

/** The run that the badge is about, as a scalar subquery; published runs alone. */
function runOf(of: BadgeOf) {
  if ("build" in of) {
    return sql`(SELECT id FROM runs WHERE build = ${of.build} AND state = 'published' ORDER BY created_at DESC, attempt DESC LIMIT 1)`;
  }
  return sql`(SELECT current_run FROM backends WHERE vendor = ${of.vendor} AND slug = ${of.backend})`;
}

interface BadgeScore {
  held: number;
  of: number;
  failed: boolean;
  whole: boolean;
}

function wholeScore({ held, of, conforms, summary }: BadgeRow): BadgeScore {
  const { core } = JSON.parse(summary) as { core: { failed: number; error: number } };
  return { held, of, failed: core.failed + core.error > 0, whole: conforms === 1 };
}

function groupScore(suite: Suite, profile: Profile, group: string, rows: ClauseRow[]): BadgeScore {
  const verdicts = new Map(rows.map(({ op, clauses }) => [op, JSON.parse(clauses) as Record<string, Verdict>]));
  const score = scoreOf(suite, profile, group, verdicts);
  return { ...score, whole: score.of > 0 && score.held === score.of };
}

/** Failing as soon as one core clause failed; passing only if all were run and held; what lies between is partial. */
function stateOf({ failed, whole }: BadgeScore): BadgeState {
  if (failed) return "failing";
  return whole ? "passing" : "partial";
}
