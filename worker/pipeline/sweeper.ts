// Whatever is due is a row with `next_at`; queues may forget and consumers may die, and no run is lost.
import { and, asc, eq, isNotNull, lte, sql } from "drizzle-orm";
import { database, reasonOf, statement } from "../db/client.ts";
import { deliveries, runs } from "../db/schema.ts";
import type { Env } from "../env.ts";
import { DELIVERY_KEPT_MS, RUN_AGE_MAX_MS, SWEEP_AGAIN_MS, SWEEP_RUNS_MAX } from "../limits.ts";
import { logFailure } from "../log.ts";
import type { RunState } from "../registry/views.ts";
import { lapseReproductions } from "../trust/reproductions.ts";
import { BuildLostError } from "./builds.ts";
import { followSuite } from "./new-suite.ts";
import { finish } from "./publish.ts";
import { enqueue, openShards, sendShards } from "./shards.ts";
import { endEarly } from "./transition.ts";

type DueRun = Pick<typeof runs.$inferSelect, "id" | "build" | "state" | "createdAt">;

/**
 * Pushes on every run that is due. @param at ms since 1970
 * @param afresh the queues are empty and no consumer lives (start of the local server): leases and tries begin anew
 * @returns how many runs were looked at
 */
export async function sweep(env: Env, at: number, afresh = false): Promise<number> {
  const db = database(env);
  if (afresh) {
    const free = sql`UPDATE shards SET lease_until = NULL, tries = 0 WHERE done = 0 AND (lease_until IS NOT NULL OR tries > 0)`;
    const wake = sql`UPDATE runs SET next_at = ${at} WHERE next_at IS NOT NULL`;
    await env.DB.batch([statement(env, free), statement(env, wake)]);
  }
  await followSuite(env, at);
  await lapseReproductions(env, at);
  const due = await db
    .select({ id: runs.id, build: runs.build, state: runs.state, createdAt: runs.createdAt })
    .from(runs)
    .where(lte(runs.nextAt, at))
    .orderBy(asc(runs.nextAt))
    .limit(SWEEP_RUNS_MAX);
  for (const run of due) await push(env, run, at);
  await db.delete(deliveries).where(lte(deliveries.receivedAt, at - DELIVERY_KEPT_MS));
  return due.length;
}

/** One run that fails to move does not hold up the others. */
async function push(env: Env, run: DueRun, at: number): Promise<void> {
  try {
    await advance(env, run, at);
  } catch (error) {
    logFailure("sweep", { run: run.id }, error);
    if (error instanceof BuildLostError) await endEarly(env, run.id, "abandoned", at, error.message);
    else if (at - run.createdAt > RUN_AGE_MAX_MS) {
      await endEarly(env, run.id, "abandoned", at, `The run did not get beyond ${run.state}: ${reasonOf(error)}`);
    }
  }
}

async function advance(env: Env, run: DueRun, at: number): Promise<void> {
  // First of all, so that a run that breaks the sweeper is not the first of the next sweep as well.
  await database(env)
    .update(runs)
    .set({ nextAt: at + SWEEP_AGAIN_MS })
    .where(and(eq(runs.id, run.id), isNotNull(runs.nextAt)));
  if ((run.state as RunState) === "received") return enqueue(env, run, at);
  const { open, free } = await openShards(env, run.id, at);
  if (open.length === 0) return finish(env, run.id);
  await sendShards(env, run.id, free);
}
