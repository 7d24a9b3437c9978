// Which run matrix and badge show of a backend, decided in the batch that publishes.
import { type SQL, sql } from "drizzle-orm";
import type { runs } from "../db/schema.ts";

/**
 * Repeats a published run once if an op that passed in the backend's current result fails in it: a fault of ours must not be
 * shown as the vendor's. A run that is itself a repetition, or older than what is shown, is not repeated.
 */
export function repeatStatement(run: string, next: typeof runs.$inferInsert): SQL {
  return sql`INSERT INTO runs (id, build, suite, attempt, state, state_at, state_actor, next_at, created_at, cause, repeats)
    SELECT ${next.id}, build, suite, ${next.attempt}, ${next.state}, ${next.stateAt}, ${next.stateActor}, ${next.nextAt},
      ${next.createdAt}, ${next.cause}, id
    FROM runs WHERE id = ${run} AND repeats IS NULL AND EXISTS (
      SELECT 1 FROM builds JOIN backends ON backends.vendor = builds.vendor AND backends.slug = builds.backend
        JOIN op_results AS before ON before.run = backends.current_run AND before.verdict = 'pass'
        JOIN op_results AS after ON after.run = runs.id AND after.op = before.op AND after.verdict IN ('fail', 'error')
      WHERE builds.digest = runs.build AND NOT ${shownIsNewer(run)})
    ON CONFLICT DO NOTHING`;
}

/** Shows the run, unless a newer one is shown or its repetition is under way. */
export function showStatement(run: string): SQL {
  return sql`UPDATE backends SET current_run = ${run}
    WHERE (vendor, slug) = (SELECT builds.vendor, builds.backend FROM runs JOIN builds ON builds.digest = runs.build WHERE runs.id = ${run})
      AND NOT EXISTS (SELECT 1 FROM runs WHERE repeats = ${run}) AND NOT ${shownIsNewer(run)}`;
}

/** A later build counts before a later run: doing an old build again does not bring it back. Needs `backends` in scope. */
function shownIsNewer(run: string): SQL {
  return sql`EXISTS (
    SELECT 1 FROM runs AS shown JOIN builds AS shown_build ON shown_build.digest = shown.build
      JOIN runs AS mine ON mine.id = ${run} JOIN builds AS mine_build ON mine_build.digest = mine.build
    WHERE shown.id = backends.current_run
      AND (shown_build.created_at, shown.created_at) > (mine_build.created_at, mine.created_at))`;
}
