import { and, eq, isNull, sql } from "drizzle-orm";
import { iso } from "../clock.ts";
import { database, statement } from "../db/client.ts";
import { events, hookSecrets, hooks } from "../db/schema.ts";
import type { Env } from "../env.ts";
import { keyBytes, newSecret } from "../hooks/signature.ts";
import { seal } from "../identity/seal.ts";
import { randomBase62 } from "../identity/token.ts";
import { SECRET_OVERLAP_MS } from "../limits.ts";
import { ProblemError } from "../problems.ts";

export interface Rotated {
  hook: { id: string };
  /** `whsec_…`, shown this once. */
  secret: string;
  /** Until when the secret before is accepted as well. */
  previousUntil: string;
}

/** A new secret beside the present one. Never more than two are valid: one that was on its way out ends now. @throws ProblemError not-found */
export async function rotateSecret(env: Env, vendor: string, hook: string, at: number): Promise<Rotated> {
  const { kind } = await requireOwn(env, vendor, hook);
  const id = randomBase62(12);
  const secret = newSecret();
  const sealed = await seal(env.SECRETS_KEY, id, keyBytes(kind, secret));
  const until = at + SECRET_OVERLAP_MS;
  const db = database(env);
  await env.DB.batch([
    statement(env, sql`UPDATE hook_secrets SET not_after = ${at} WHERE hook = ${hook} AND not_after > ${at}`),
    statement(env, sql`UPDATE hook_secrets SET not_after = ${until} WHERE hook = ${hook} AND not_after IS NULL`),
    statement(env, db.insert(hookSecrets).values({ id, hook, sealed, createdAt: at })),
    statement(env, db.insert(events).values(event(vendor, hook, "hook.rotated", at))),
  ]);
  return { hook: { id: hook }, secret: secret.text, previousUntil: iso(until) };
}

/** Closes a hook at once; a second time changes nothing. @throws ProblemError not-found */
export async function revokeHook(env: Env, vendor: string, hook: string, at: number): Promise<void> {
  const { revokedAt } = await requireOwn(env, vendor, hook);
  if (revokedAt !== null) return;
  const db = database(env);
  await db.batch([
    db
      .update(hooks)
      .set({ revokedAt: at })
      .where(and(eq(hooks.id, hook), isNull(hooks.revokedAt))),
    db.insert(events).values(event(vendor, hook, "hook.revoked", at)),
  ]);
}

async function requireOwn(env: Env, vendor: string, hook: string) {
  const [row] = await database(env)
    .select()
    .from(hooks)
    .where(and(eq(hooks.id, hook), eq(hooks.vendor, vendor)));
  if (!row) throw new ProblemError("not-found", `Vendor "${vendor}" has no hook with that id.`);
  return row;
}

function event(vendor: string, hook: string, type: string, at: number) {
  return { at, actor: `vendor:${vendor}`, type, subject: `hook:${hook}` };
}
