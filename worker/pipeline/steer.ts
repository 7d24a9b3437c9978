// What a vendor may ask of a run of its own: to end it, or to do it again. Neither takes anything away from the record.
import { eq } from "drizzle-orm";
import { database, statement } from "../db/client.ts";
import { builds, runs, suites } from "../db/schema.ts";
import type { Env } from "../env.ts";
import { latestRun } from "../intake/latest-run.ts";
import type { Accepted } from "../intake/submit.ts";
import { ProblemError } from "../problems.ts";
import type { RunState } from "../registry/views.ts";
import { fromAddress, newRun, start } from "./attempts.ts";
import { theSuite } from "./engine.ts";
import { finish } from "./publish.ts";
import { isFinal } from "./states.ts";
import { endEarly } from "./transition.ts";

/** Ends a run that is not final. @throws ProblemError not-found, forbidden, run-finished */
export async function cancelRun(env: Env, id: string, vendor: string, at: number): Promise<{ state: RunState }> {
  const { state, challenge } = await ownRun(env, id, vendor);
  if (challenge)
    throw new ProblemError("forbidden", `Run ${id} belongs to a reproduction, which its party alone began.`);
  const ended =
    !isFinal(state) && (await endEarly(env, id, "cancelled", at, "The vendor cancelled it.", actorOf(vendor)));
  if (!ended) throw new ProblemError("run-finished", `Run ${id} has ended already; what was recorded stays.`);
  await finish(env, id);
  return { state: "cancelled" };
}

/**
 * Runs the build of a run again under the current suite: a new attempt beside the old ones. While the newest attempt is not
 * final, that one is the answer. @throws ProblemError not-found, forbidden
 */
export async function repeatRun(
  env: Env,
  id: string,
  { vendor, address }: { vendor: string; address: string },
  at: number,
): Promise<Accepted> {
  const { build } = await ownRun(env, id, vendor);
  const suite = await theSuite();
  const before = await latestRun(env, build, suite.digest);
  if (before && !isFinal(before.state)) return { build: { digest: build }, run: before, created: false };
  const attempt = { build, suite: suite.digest, attempt: (before?.attempt ?? 0) + 1 };
  const row = await newRun(attempt, { actor: actorOf(vendor), cause: "rerun" }, at);
  const db = database(env);
  const { digest, pvi, judge } = suite;
  const [, inserted] = await env.DB.batch(
    [
      db.insert(suites).values({ digest, pvi, judge, seenAt: at }).onConflictDoNothing(),
      db.insert(runs).values(row).onConflictDoNothing(),
      fromAddress(row.id, address),
    ].map((query) => statement(env, query)),
  );
  const state = await start(env, { id: row.id, build }, at);
  return { build: { digest: build }, run: { id: row.id, state }, created: (inserted?.meta.changes ?? 0) > 0 };
}

async function ownRun(
  env: Env,
  id: string,
  vendor: string,
): Promise<{ build: string; state: RunState; challenge: string }> {
  const [row] = await database(env)
    .select({ build: runs.build, state: runs.state, challenge: runs.challenge, owner: builds.vendor })
    .from(runs)
    .innerJoin(builds, eq(builds.digest, runs.build))
    .where(eq(runs.id, id));
  if (!row) throw new ProblemError("not-found", `Run ${id} is not in this registry.`);
  if (row.owner !== vendor) {
    throw new ProblemError(
      "forbidden",
      `Run ${id} is vendor "${row.owner}"'s; this credential acts for "${vendor}" alone.`,
    );
  }
  return { build: row.build, state: row.state as RunState, challenge: row.challenge };
}

function actorOf(vendor: string): string {
  return `vendor:${vendor}`;
}
