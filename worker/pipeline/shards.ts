import { and, eq, sql } from "drizzle-orm";
import { planShards } from "../../conformance/runner/index.ts";
import { database, statement } from "../db/client.ts";
import { shards } from "../db/schema.ts";
import type { Env } from "../env.ts";
import { QUEUE_BATCH_MAX_MESSAGES } from "../limits.ts";
import { announce } from "../live/announce.ts";
import { loadBuild } from "./builds.ts";
import { theSuite } from "./engine.ts";
import { moveStatement } from "./transition.ts";

/** received → queued: cuts the run into shards, records them, and sends them. Doing it twice changes nothing. */
export async function enqueue(env: Env, run: { id: string; build: string }, at: number): Promise<void> {
  const plan = planShards(await theSuite(), await loadBuild(env, run.build));
  const rows = JSON.stringify(plan.map(({ index, units }) => ({ index, units })));
  const insert = sql`INSERT INTO shards (run, shard, units)
    SELECT ${run.id}, value ->> 'index', value -> 'units' FROM json_each(${rows}) WHERE true ON CONFLICT DO NOTHING`;
  const move = moveStatement(database(env), { run: run.id, from: "received", to: "queued", at });
  await env.DB.batch([statement(env, insert), statement(env, move)]);
  await announce(env, run.id);
  await sendShards(
    env,
    run.id,
    plan.map((shard) => shard.index),
  );
}

/** Puts shards on the queue. A message lost is sent again by the sweeper; one too many is dropped by the consumer. */
export async function sendShards(env: Env, run: string, indexes: readonly number[]): Promise<void> {
  for (let at = 0; at < indexes.length; at += QUEUE_BATCH_MAX_MESSAGES) {
    const part = indexes.slice(at, at + QUEUE_BATCH_MAX_MESSAGES);
    await env.SHARDS.sendBatch(part.map((shard) => ({ body: { run, shard } })));
  }
}

/** Shards that are not done, and of those the ones that nobody has at `at`. */
export async function openShards(env: Env, run: string, at: number): Promise<{ open: number[]; free: number[] }> {
  const rows = await database(env)
    .select({ shard: shards.shard, leaseUntil: shards.leaseUntil })
    .from(shards)
    .where(and(eq(shards.run, run), eq(shards.done, false)));
  return {
    open: rows.map((row) => row.shard),
    free: rows.filter((row) => (row.leaseUntil ?? 0) <= at).map((row) => row.shard),
  };
}
