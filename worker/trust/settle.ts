// What a published run of a reproduction's seed settles, in the batch that publishes it: all or nothing.
import { type SQL, sql } from "drizzle-orm";
import type { runs } from "../db/schema.ts";

const CLAIM =
  "The party's report of a one-time seed differs from the registry's run of it, and from the registry's repetition.";

/**
 * @param run the run that ended, of `challenge`, with its report's digest
 * @param next the repetition that begins if this is the first run and its digest is not the committed one
 */
export function settleStatements(
  run: { id: string; challenge: string; digest: string },
  next: typeof runs.$inferInsert,
  at: number,
): SQL[] {
  const { id, challenge, digest } = run;
  const same = sql`committed_digest = ${digest}`;
  return [
    sql`UPDATE reproductions SET check_digest = ${digest}, state = CASE WHEN ${same} THEN 'matched' ELSE 'repeating' END,
        repeat_run = CASE WHEN ${same} THEN NULL ELSE ${next.id} END, state_at = ${at}, state_actor = 'registry'
      WHERE seed = ${challenge} AND state = 'checking' AND check_run = ${id}`,
    sql`UPDATE reproductions SET repeat_digest = ${digest}, state = CASE WHEN ${same} THEN 'matched' ELSE 'disputed' END,
        state_at = ${at}, state_actor = 'registry'
      WHERE seed = ${challenge} AND state = 'repeating' AND repeat_run = ${id}`,
    sql`INSERT INTO runs (id, build, suite, challenge, attempt, state, state_at, state_actor, next_at, created_at, cause, repeats)
      SELECT repeat_run, build, suite, seed, ${next.attempt}, 'received', ${at}, 'registry', ${next.nextAt}, ${at}, 'repeat', ${id}
      FROM reproductions WHERE seed = ${challenge} AND state = 'repeating' AND repeat_run = ${next.id} ON CONFLICT DO NOTHING`,
    sql`INSERT INTO disputes (id, run, build, suite, reproduction, claimant, claim, opened_at, state, state_at, state_actor)
      SELECT id, run, build, suite, id, 'vendor:' || vendor, ${CLAIM}, ${at}, 'open', ${at}, 'registry'
      FROM reproductions WHERE seed = ${challenge} AND state = 'disputed' ON CONFLICT DO NOTHING`,
  ];
}
