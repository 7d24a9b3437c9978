import { sql } from "drizzle-orm";
import { iso } from "../clock.ts";
import { statement } from "../db/client.ts";
import type { Env } from "../env.ts";
import { ProblemError } from "../problems.ts";
import type { RevocationView } from "../registry/views.ts";

/**
 * Withdraws a build: its badge says `revoked` from now on. Results and bytes stay. A second time changes nothing.
 * @param vendor the build's own, or null for the mediator @throws ProblemError not-found, forbidden
 */
export async function revokeBuild(
  env: Env,
  build: string,
  { vendor, reason }: { vendor: string | null; reason: string },
  at: number,
): Promise<RevocationView> {
  const owner = await env.DB.prepare("SELECT vendor FROM builds WHERE digest = ?").bind(build).first<string>("vendor");
  if (owner === null) throw new ProblemError("not-found", `Build ${build} is not in this registry.`);
  if (vendor !== null && vendor !== owner) {
    throw new ProblemError(
      "forbidden",
      `Build ${build} is vendor "${owner}"'s; this credential acts for "${vendor}" alone.`,
    );
  }
  const actor = vendor === null ? "mediator" : `vendor:${vendor}`;
  await statement(
    env,
    sql`INSERT INTO revocations (build, at, actor, reason) VALUES (${build}, ${at}, ${actor}, ${reason}) ON CONFLICT DO NOTHING`,
  ).run();
  const row = await env.DB.prepare("SELECT at, actor, reason FROM revocations WHERE build = ?")
    .bind(build)
    .first<{ at: number; actor: string; reason: string }>();
  if (!row) throw new Error(`The revocation of build ${build} was recorded and is not there.`);
  return { build, at: iso(row.at), actor: row.actor, reason: row.reason };
}
