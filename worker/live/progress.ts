import { iso } from "../clock.ts";
import type { Env } from "../env.ts";
import type { RunState, RunView } from "../registry/views.ts";

/** What moves while a run is under way: these members of `RunView`, by the same names. */
export type Progress = Pick<RunView, "id" | "state" | "at" | "reason" | "progress">;

/** Where a run stands, or null if there is none. One round trip. */
export async function readProgress(env: Pick<Env, "DB">, id: string): Promise<Progress | null> {
  const row = await env.DB.prepare(
    `SELECT state, state_at AS at, reason, (SELECT count(*) FROM shards WHERE run = runs.id) AS shards,
      (SELECT count(*) FROM shards WHERE run = runs.id AND done = 1) AS shardsDone FROM runs WHERE id = ?`,
  )
    .bind(id)
    .first<{ state: RunState; at: number; reason: string | null; shards: number; shardsDone: number }>();
  if (!row) return null;
  const { state, at, reason, shards, shardsDone } = row;
  return { id, state, at: iso(at), reason, progress: { shardsDone, shards } };
}
