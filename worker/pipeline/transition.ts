import { and, eq } from "drizzle-orm";
import { type Database, database } from "../db/client.ts";
import { runs } from "../db/schema.ts";
import type { Env } from "../env.ts";
import { SWEEP_AGAIN_MS } from "../limits.ts";
import { announce } from "../live/announce.ts";
import type { RunState } from "../registry/views.ts";
import { isFinal, mayFollow } from "./states.ts";

export interface Move {
  run: string;
  from: RunState;
  to: RunState;
  /** ms since 1970 */
  at: number;
  /** `vendor:NAME`, `mediator`; the registry itself if absent. */
  actor?: string;
  /** Needed for `abandoned` and `cancelled`. */
  reason?: string;
  /** Written together with the state, for `published`. */
  evidence?: { reportDigest: string; conforms: boolean; held: number; of: number; summary: string };
}

/** A move that states.ts does not have: an error of ours. */
export class TransitionError extends Error {
  override readonly name = "TransitionError";
}

/** The one statement that changes a state: it does nothing if the run is not in `from` any more. Its event is written by a trigger. */
export function moveStatement(db: Database, move: Move) {
  if (!mayFollow(move.from, move.to)) {
    throw new TransitionError(`Run ${move.run} cannot go from ${move.from} to ${move.to}: see pipeline/states.ts.`);
  }
  return db
    .update(runs)
    .set({
      state: move.to,
      stateAt: move.at,
      stateActor: move.actor ?? "registry",
      reason: move.reason ?? null,
      nextAt: isFinal(move.to) ? null : move.at + SWEEP_AGAIN_MS,
      ...move.evidence,
    })
    .where(and(eq(runs.id, move.run), eq(runs.state, move.from)));
}

/** @returns false if the run was not in `from` any more */
export async function transition(env: Pick<Env, "DB" | "LIVE">, move: Move): Promise<boolean> {
  const result = await moveStatement(database(env), move);
  const moved = result.meta.changes > 0;
  if (moved) await announce(env, move.run);
  return moved;
}

/** Ends a run that cannot go on, in whatever state it is; one that is final already stays as it is. */
export async function endEarly(
  env: Pick<Env, "DB" | "LIVE">,
  run: string,
  to: "abandoned" | "cancelled",
  at: number,
  reason: string,
  actor?: string,
): Promise<boolean> {
  const db = database(env);
  const [row] = await db.select({ state: runs.state }).from(runs).where(eq(runs.id, run));
  const from = row?.state as RunState | undefined;
  if (!from || isFinal(from)) return false;
  const move: Move = { run, from, to, at, reason, ...(actor ? { actor } : {}) };
  // Lost only against another move of the same instant; then the run is looked at anew.
  return (await transition(env, move)) || endEarly(env, run, to, at, reason, actor);
}
