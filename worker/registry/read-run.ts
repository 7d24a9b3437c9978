import { asc, eq, getTableColumns, sql } from "drizzle-orm";
import { iso } from "../clock.ts";
import { database } from "../db/client.ts";
import { builds, events, opResults, runs, suites } from "../db/schema.ts";
import type { Env } from "../env.ts";
import type { Profile, RunCause, RunState, RunView, Trust, Verdict } from "./views.ts";

interface AttemptRow {
  id: string;
  state: RunState;
  at: number;
  attempt: number;
}

/** JSON of AttemptRow[]; in the order of the index of `runs_identity`. */
const attempts = sql<string>`(
  SELECT json_group_array(json_object('id', id, 'state', state, 'at', state_at, 'attempt', attempt)) FROM (
    SELECT a.id, a.state, a.state_at, a.attempt FROM runs AS a
    WHERE a.build = ${runs.build} AND a.suite = ${runs.suite} ORDER BY a.attempt))`;

/** A run by its id: state, progress, result once published, events. */
export async function readRun(env: Pick<Env, "DB">, id: string): Promise<RunView | null> {
  const db = database(env);
  const [[row], ops, told] = await db.batch([
    db
      .select({
        ...getTableColumns(runs),
        vendor: builds.vendor,
        backend: builds.backend,
        version: builds.version,
        profile: builds.profile,
        provenance: builds.provenance,
        pvi: suites.pvi,
        shards: sql<number>`(SELECT count(*) FROM shards WHERE shards.run = ${runs.id})`,
        shardsDone: sql<number>`(SELECT count(*) FROM shards WHERE shards.run = ${runs.id} AND shards.done = 1)`,
        attempts,
      })
      .from(runs)
      .innerJoin(builds, eq(builds.digest, runs.build))
      .innerJoin(suites, eq(suites.digest, runs.suite))
      .where(eq(runs.id, id)),
    db.select().from(opResults).where(eq(opResults.run, id)).orderBy(asc(opResults.place)),
    db
      .select()
      .from(events)
      .where(eq(events.subject, `run:${id}`))
      .orderBy(asc(events.id)),
  ]);
  if (!row) return null;
  return {
    id: row.id,
    state: row.state as RunState,
    at: iso(row.stateAt),
    createdAt: iso(row.createdAt),
    reason: row.reason,
    build: {
      digest: row.build,
      vendor: row.vendor,
      backend: row.backend,
      version: row.version,
      profile: row.profile as Profile,
    },
    suite: { digest: row.suite, pvi: row.pvi },
    attempt: row.attempt,
    cause: row.cause as RunCause,
    repeats: row.repeats,
    attempts: (JSON.parse(row.attempts) as AttemptRow[]).map((run) => ({ ...run, at: iso(run.at) })),
    trust: { provenance: row.provenance as Trust["provenance"], execution: row.execution as Trust["execution"] },
    progress: { shardsDone: row.shardsDone, shards: row.shards },
    summary: row.summary === null ? null : JSON.parse(row.summary),
    reportDigest: row.reportDigest,
    ops: row.reportDigest === null ? null : ops.map(opOf),
    events: told.map(({ at, actor, type, detail }) => ({ at: iso(at), actor, type, detail })),
  };
}

function opOf({ op, verdict, native, clauses, costs }: typeof opResults.$inferSelect) {
  return { id: op, verdict: verdict as Verdict, native, clauses: JSON.parse(clauses), costs: JSON.parse(costs) };
}
