import { type SQL, sql } from "drizzle-orm";
import { database } from "../db/client.ts";
import type { runs } from "../db/schema.ts";
import type { Env } from "../env.ts";
import { sha256Hex } from "../identity/encoding.ts";
import { SWEEP_AGAIN_MS } from "../limits.ts";
import { logFailure } from "../log.ts";
import type { RunCause, RunState } from "../registry/views.ts";
import { enqueue } from "./shards.ts";

/** One run of a build under a suite, and under a reproduction's seed if there is one; `attempt` counts from 1. */
export interface Attempt {
  build: string;
  suite: string;
  challenge?: string | undefined;
  attempt: number;
}

/** The same for everybody who begins the same attempt at the same time: one of them creates it. */
export async function runId({ build, suite, challenge, attempt }: Attempt): Promise<string> {
  const fields = [build, suite, attempt, ...(challenge ? [challenge] : [])];
  return (await sha256Hex(fields.join("\n"))).slice(0, 24);
}

/** The row that a run begins with; `actor` as in events. @param at ms since 1970 */
export async function newRun(
  { build, suite, challenge = "", attempt }: Attempt,
  { actor, cause }: { actor: string; cause: RunCause },
  at: number,
): Promise<typeof runs.$inferInsert> {
  return {
    build,
    suite,
    challenge,
    attempt,
    cause,
    id: await runId({ build, suite, challenge, attempt }),
    state: "received",
    stateAt: at,
    stateActor: actor,
    nextAt: at + SWEEP_AGAIN_MS,
    createdAt: at,
  };
}

/** Notes where a run came from as long as it is not over, for the quota of that address. Needs the run in the same batch before. */
export function fromAddress(run: string, address: string): SQL {
  return sql`INSERT INTO run_addresses (run, address)
    SELECT id, ${address} FROM runs WHERE id = ${run} AND next_at IS NOT NULL ON CONFLICT DO NOTHING`;
}

/** Cuts and sends a run that was received. It is safe in D1 by now: if the queue fails, the sweeper starts it. */
export async function start(env: Env, run: { id: string; build: string }, at: number): Promise<RunState> {
  try {
    await enqueue(env, run, at);
    return "queued";
  } catch (error) {
    logFailure("start of a run, which waits for the sweeper", { run: run.id }, error);
    await database(env).run(sql`UPDATE runs SET next_at = ${at} WHERE id = ${run.id} AND state = 'received'`);
    return "received";
  }
}
