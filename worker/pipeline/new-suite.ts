import { database } from "../db/client.ts";
import { runs, suites } from "../db/schema.ts";
import type { Env } from "../env.ts";
import { SWEEP_RUNS_MAX } from "../limits.ts";
import { newRun } from "./attempts.ts";
import { theSuite } from "./engine.ts";

/** Backends whose latest build has no run of the suite; by the indexes of backends, builds and runs. */
const WITHOUT_RUN = `SELECT newest.build FROM (
    SELECT (SELECT digest FROM builds WHERE vendor = b.vendor AND backend = b.slug
      ORDER BY created_at DESC, digest DESC LIMIT 1) AS build FROM backends b) AS newest
  WHERE newest.build IS NOT NULL AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.build = newest.build AND runs.suite = ?)
  LIMIT ?`;

/** After a new suite was deployed: one run of it for the latest build of every backend, some with each sweep, due at once. */
export async function followSuite(env: Env, at: number): Promise<void> {
  const { digest, pvi, judge } = await theSuite();
  const { results } = await env.DB.prepare(WITHOUT_RUN).bind(digest, SWEEP_RUNS_MAX).all<{ build: string }>();
  if (results.length === 0) return;
  const by = { actor: "registry", cause: "suite" } as const;
  const rows = await Promise.all(results.map(({ build }) => newRun({ build, suite: digest, attempt: 1 }, by, at)));
  const db = database(env);
  await db.batch([
    db.insert(suites).values({ digest, pvi, judge, seenAt: at }).onConflictDoNothing(),
    ...rows.map((row) =>
      db
        .insert(runs)
        .values({ ...row, nextAt: at })
        .onConflictDoNothing(),
    ),
  ]);
}
