import { and, desc, eq } from "drizzle-orm";
import { database } from "../db/client.ts";
import { runs } from "../db/schema.ts";
import type { Env } from "../env.ts";
import type { RunState } from "../registry/views.ts";

export interface LatestRun {
  id: string;
  state: RunState;
  attempt: number;
}

/** The newest attempt of a build under a suite, or null; runs of reproductions are none of its own. */
export async function latestRun(env: Pick<Env, "DB">, build: string, suite: string): Promise<LatestRun | null> {
  const [row] = await database(env)
    .select({ id: runs.id, state: runs.state, attempt: runs.attempt })
    .from(runs)
    .where(and(eq(runs.build, build), eq(runs.suite, suite), eq(runs.challenge, "")))
    .orderBy(desc(runs.attempt))
    .limit(1);
  return row ? { ...row, state: row.state as RunState } : null;
}
