import { and, asc, eq, getTableColumns, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import { iso } from "../clock.ts";
import { database } from "../db/client.ts";
import { builds, events, opResults, runs, shards, suites } from "../db/schema.ts";
import type { Env } from "../env.ts";
import type { Profile, RunCause, RunState, RunView, Trust, Verdict } from "./views.ts";

const mine = alias(runs, "mine");

/** A run by its id: state, progress, result once published, events. */
export async function readRun(env: Pick<Env, "DB">, id: string): Promise<RunView | null> {
  const db = database(env);
  const [[row], [progress], ops, told, tried] = await db.batch([
    db
      .select({
        ...getTableColumns(runs),
        vendor: builds.vendor,
        backend: builds.backend,
        version: builds.version,
        profile: builds.profile,
        provenance: builds.provenance,
        pvi: suites.pvi,
      })
      .from(runs)
      .innerJoin(builds, eq(builds.digest, runs.build))
      .innerJoin(suites, eq(suites.digest, runs.suite))
      .where(eq(runs.id, id)),
    db
      .select({ shards: sql<number>`count(*)`, shardsDone: sql<number>`coalesce(sum(${shards.done}), 0)` })
      .from(shards)
      .where(eq(shards.run, id)),
    db.select().from(opResults).where(eq(opResults.run, id)).orderBy(asc(opResults.place)),
    db
      .select()
      .from(events)
      .where(eq(events.subject, `run:${id}`))
      .orderBy(asc(events.id)),
    db
      .select({ id: runs.id, state: runs.state, at: runs.stateAt, attempt: runs.attempt })
      .from(mine)
      .innerJoin(runs, and(eq(runs.build, mine.build), eq(runs.suite, mine.suite)))
      .where(eq(mine.id, id))
      .orderBy(asc(runs.attempt)),
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
    attempts: tried.map((run) => ({ ...run, state: run.state as RunState, at: iso(run.at) })),
    trust: { provenance: row.provenance as Trust["provenance"], execution: row.execution as Trust["execution"] },
    progress: { shardsDone: progress?.shardsDone ?? 0, shards: progress?.shards ?? 0 },
    summary: row.summary === null ? null : JSON.parse(row.summary),
    reportDigest: row.reportDigest,
    ops: row.reportDigest === null ? null : ops.map(opOf),
    events: told.map(({ at, actor, type, detail }) => ({ at: iso(at), actor, type, detail })),
  };
}

function opOf({ op, verdict, native, clauses, costs }: typeof opResults.$inferSelect) {
  return { id: op, verdict: verdict as Verdict, native, clauses: JSON.parse(clauses), costs: JSON.parse(costs) };
}
