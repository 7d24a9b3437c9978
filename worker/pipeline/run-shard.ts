// One shard, from message to stored result. Every step may be the last of this consumer and the first of the next.
import { and, eq, isNull, lte, or, sql } from "drizzle-orm";
import { runShard, type ShardResult } from "../../conformance/runner/index.ts";
import { now } from "../clock.ts";
import { shardKey } from "../db/blobs.ts";
import { database } from "../db/client.ts";
import { runs, shards } from "../db/schema.ts";
import type { Env, ShardMessage } from "../env.ts";
import { SHARD_LEASE_MS, SHARD_TRIES_MAX } from "../limits.ts";
import { announce } from "../live/announce.ts";
import type { RunState } from "../registry/views.ts";
import { loadBuild } from "./builds.ts";
import { inTurn, theSuite, theVm, type Yield } from "./engine.ts";
import { finish } from "./publish.ts";
import { isFinal } from "./states.ts";
import { endEarly, transition } from "./transition.ts";

/**
 * Runs the shard unless it is done or another consumer has it; the last one to finish merges, judges and publishes.
 * @throws whatever went wrong; the caller retries
 */
export async function consumeShard(env: Env, message: ShardMessage): Promise<void> {
  const { run, shard } = await read(env, message);
  if (!run || !shard) return;
  // Whoever published it may have died before it could drop what shards had left.
  if (isFinal(run.state as RunState)) return finish(env, message.run);
  if (!shard.done) {
    if (shard.tries >= SHARD_TRIES_MAX) {
      const why = shard.error ?? "no consumer lived to say why";
      const reason = `Shard ${message.shard} was tried ${shard.tries} times and never finished: ${why}.`;
      await endEarly(env, message.run, "abandoned", now(env), reason);
      return;
    }
    const job = {
      suite: run.suite,
      build: run.build,
      challenge: run.challenge || undefined,
      units: JSON.parse(shard.units) as number[],
    };
    const taken = await inTurn((yieldNow) => work(env, message, job, yieldNow));
    if (!taken) return;
  }
  await finish(env, message.run);
}

async function read(env: Env, { run, shard }: ShardMessage) {
  const db = database(env);
  const [[runRow], [shardRow]] = await db.batch([
    db.select().from(runs).where(eq(runs.id, run)),
    db
      .select()
      .from(shards)
      .where(and(eq(shards.run, run), eq(shards.shard, shard))),
  ]);
  return { run: runRow, shard: shardRow };
}

/** @returns false if another consumer has the shard */
async function work(
  env: Env,
  { run, shard }: ShardMessage,
  job: { suite: string; build: string; challenge: string | undefined; units: number[] },
  yieldNow: Yield,
): Promise<boolean> {
  const suite = await theSuite();
  if (suite.digest !== job.suite) {
    await endEarly(
      env,
      run,
      "abandoned",
      now(env),
      `Suite ${job.suite} was replaced by ${suite.digest} before the run ended.`,
    );
    return false;
  }
  if (!(await takeLease(env, run, shard))) return false;
  await transition(env, { run, from: "queued", to: "running", at: now(env) });
  const build = await loadBuild(env, job.build);
  const options = { yieldNow, challenge: job.challenge };
  const result = await runShard(await theVm(), suite, build, { index: shard, units: job.units }, options);
  await keep(env, run, shard, result);
  return true;
}

async function takeLease(env: Env, run: string, shard: number): Promise<boolean> {
  const at = now(env);
  const result = await database(env)
    .update(shards)
    .set({ leaseUntil: at + SHARD_LEASE_MS, tries: sql`${shards.tries} + 1` })
    .where(
      and(
        eq(shards.run, run),
        eq(shards.shard, shard),
        eq(shards.done, false),
        or(isNull(shards.leaseUntil), lte(shards.leaseUntil, at)),
      ),
    );
  return result.meta.changes > 0;
}

/** Result first, mark second: a shard that is marked has its result. Both may happen twice, with the same bytes. */
async function keep(env: Env, run: string, shard: number, result: ShardResult): Promise<void> {
  await env.BLOBS.put(shardKey(run, shard), JSON.stringify(result));
  await database(env)
    .update(shards)
    .set({ done: true, leaseUntil: null, error: null })
    .where(and(eq(shards.run, run), eq(shards.shard, shard)));
  await announce(env, run);
}

/** Frees the shard for the next try and notes what this one failed with, without the full stop of a sentence that goes on. */
export async function noteFailure(env: Env, { run, shard }: ShardMessage, reason: string): Promise<void> {
  await database(env)
    .update(shards)
    .set({ leaseUntil: null, error: reason.slice(0, 500).replace(/\.$/, "") })
    .where(and(eq(shards.run, run), eq(shards.shard, shard)));
}
