// The end of a run: merge, judge, publish. Two consumers may arrive here at once; one batch wins, the other finds it done.
import { eq, sql } from "drizzle-orm";
import { type Build, mergeAndJudge, type ShardResult } from "../../conformance/runner/index.ts";
import { now } from "../clock.ts";
import { putBlob, shardKey } from "../db/blobs.ts";
import { database, statement } from "../db/client.ts";
import { runs, shards } from "../db/schema.ts";
import type { Env } from "../env.ts";
import { announce } from "../live/announce.ts";
import type { RunState } from "../registry/views.ts";
import { settleStatements } from "../trust/settle.ts";
import { newRun, start } from "./attempts.ts";
import { loadBuild } from "./builds.ts";
import { theSuite } from "./engine.ts";
import { type OpRow, opRows } from "./op-rows.ts";
import { repeatStatement, showStatement } from "./show.ts";
import { isFinal } from "./states.ts";
import { endEarly, type Move, moveStatement, transition } from "./transition.ts";

type RunRow = typeof runs.$inferSelect;

/** Publishes the run if all its shards are done; else does nothing. */
export async function finish(env: Env, id: string): Promise<void> {
  const db = database(env);
  const [[run], parts] = await db.batch([
    db.select().from(runs).where(eq(runs.id, id)),
    db.select({ shard: shards.shard, done: shards.done }).from(shards).where(eq(shards.run, id)),
  ]);
  if (!run || run.state === "received") return;
  if (isFinal(run.state as RunState)) return drop(env, id, parts);
  if (parts.some((part) => !part.done)) return;
  const suite = await theSuite();
  if (suite.digest !== run.suite) {
    await endEarly(
      env,
      id,
      "abandoned",
      now(env),
      `Suite ${run.suite} was replaced by ${suite.digest} before the run ended.`,
    );
    return;
  }
  await transition(env, { run: id, from: "queued", to: "running", at: now(env) });
  await transition(env, { run: id, from: "running", to: "merging", at: now(env) });
  const results = await collect(
    env,
    id,
    parts.map((part) => part.shard),
  );
  if (!results) return;
  await transition(env, { run: id, from: "merging", to: "judging", at: now(env) });
  const build = await loadBuild(env, run.build);
  const repetition = await judge(env, run, build, results);
  await drop(env, id, parts);
  if (repetition) await start(env, { id: repetition, build: run.build }, now(env));
}

/** Results of shards are needed until the run is final, however it ended. */
async function drop(env: Env, run: string, parts: { shard: number }[]): Promise<void> {
  if (parts.length > 0) await env.BLOBS.delete(parts.map((part) => shardKey(run, part.shard)));
}

/** Results of all shards, or null if one is missing: then the run is published already, or ends here. */
async function collect(env: Env, run: string, indexes: number[]): Promise<ShardResult[] | null> {
  const results: ShardResult[] = [];
  for (const shard of indexes) {
    const object = await env.BLOBS.get(shardKey(run, shard));
    if (!object) {
      await endEarly(env, run, "abandoned", now(env), `The result of shard ${shard} is not in the store.`);
      return null;
    }
    results.push(await object.json<ShardResult>());
  }
  return results;
}

/** @returns the run that repeats this one, if it newly failed */
async function judge(env: Env, row: RunRow, build: Build, results: ShardResult[]): Promise<string | null> {
  const judged = await mergeAndJudge(await theSuite(), build, results, { challenge: row.challenge || undefined });
  await putBlob(env, judged.digest, judged.report);
  const { core } = judged.summary;
  const evidence = {
    reportDigest: judged.digest,
    conforms: judged.summary.conforms,
    held: core.held,
    of: core.of,
    summary: JSON.stringify(judged.summary),
  };
  try {
    const move: Move = { run: row.id, from: "judging", to: "published", at: now(env), evidence };
    return await publish(env, row, move, opRows(judged));
  } catch (error) {
    // The batch of another consumer came first: its trigger refuses ours.
    const [stored] = await database(env).select({ state: runs.state }).from(runs).where(eq(runs.id, row.id));
    if (stored?.state !== "published") throw error;
    return null;
  }
}

/** One batch, all or nothing: results, state (and by trigger its event), the repetition, and what matrix and badge show, or what a
 * reproduction came to. */
async function publish(env: Env, row: RunRow, move: Move, rows: OpRow[]): Promise<string | null> {
  const results = sql`INSERT INTO op_results (run, op, place, verdict, native, clauses, costs)
    SELECT ${row.id}, value ->> 'op', key, value ->> 'verdict', value ->> 'native', value -> 'clauses', value -> 'costs'
    FROM json_each(${JSON.stringify(rows)})`;
  const next = await newRun({ ...row, attempt: row.attempt + 1 }, { actor: "registry", cause: "repeat" }, move.at);
  const { id, challenge } = row;
  const digest = move.evidence?.reportDigest ?? "";
  const consequences = challenge
    ? settleStatements({ id, challenge, digest }, next, move.at)
    : [repeatStatement(id, next), showStatement(id)];
  const queries = [results, moveStatement(database(env), move), ...consequences];
  const found = sql`SELECT id FROM runs WHERE repeats = ${row.id}`;
  const answers = await env.DB.batch<{ id: string }>([...queries, found].map((query) => statement(env, query)));
  await announce(env, row.id);
  return answers.at(-1)?.results[0]?.id ?? null;
}
