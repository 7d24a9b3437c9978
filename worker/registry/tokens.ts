import { and, desc, eq, sql } from "drizzle-orm";
import { iso } from "../clock.ts";
import { database, statement } from "../db/client.ts";
import { events, tokens } from "../db/schema.ts";
import type { Env } from "../env.ts";
import type { Grant } from "../identity/authenticate.ts";
import { hashOf, newToken, randomBase62 } from "../identity/token.ts";
import { ProblemError } from "../problems.ts";
import type { Scope } from "./create-vendor.ts";

export interface TokenView {
  id: string;
  scopes: Scope[];
  createdAt: string;
  expiresAt: string | null;
  revokedAt: string | null;
  /** To the hour. */
  lastUsedAt: string | null;
}

/** Every token the vendor ever had, newest first; never their values, which are not kept. */
export async function listTokens(env: Env, vendor: string): Promise<TokenView[]> {
  const rows = await database(env)
    .select()
    .from(tokens)
    .where(eq(tokens.vendor, vendor))
    .orderBy(desc(tokens.createdAt), desc(tokens.id));
  return rows.map(view);
}

/**
 * A further token of the vendor. It can do no more, and lives no longer, than the token that asks for it.
 * @param input.expiresAt ms since 1970 @throws ProblemError forbidden, invalid-request
 */
export async function createToken(
  env: Env,
  grant: Grant,
  input: { scopes: Scope[]; expiresAt: number | null },
  at: number,
): Promise<{ token: TokenView & { value: string } }> {
  const beyond = input.scopes.filter((scope) => !grant.scopes.includes(scope));
  if (beyond.length > 0) {
    throw new ProblemError("forbidden", `The token that asks lacks scope "${beyond[0]}", so it cannot give it away.`);
  }
  if (input.expiresAt !== null && input.expiresAt <= at) {
    const detail = "/expiresAt: it has passed.";
    throw new ProblemError("invalid-request", detail, { errors: [{ pointer: "/expiresAt", detail }] });
  }
  const ends = [input.expiresAt, grant.expiresAt].filter((end) => end !== null);
  const value = newToken();
  const row = {
    id: randomBase62(12),
    vendor: grant.vendor,
    hash: await hashOf(value),
    scopes: [...new Set(input.scopes)].join(" "),
    createdAt: at,
    expiresAt: ends.length > 0 ? Math.min(...ends) : null,
  };
  const actor = `vendor:${grant.vendor}`;
  const db = database(env);
  await db.batch([
    db.insert(tokens).values(row),
    db.insert(events).values({
      at,
      actor,
      type: "token.created",
      subject: `token:${row.id}`,
      after: row.scopes,
      detail: grant.vendor,
    }),
  ]);
  return { token: { ...view({ ...row, revokedAt: null, lastUsedAt: null }), value } };
}

/** Ends a token at once; a second time changes nothing. @throws ProblemError not-found, also for another vendor's token */
export async function revokeToken(env: Env, vendor: string, id: string, at: number): Promise<{ token: TokenView }> {
  const own = and(eq(tokens.id, id), eq(tokens.vendor, vendor));
  const db = database(env);
  await env.DB.batch([
    statement(
      env,
      sql`INSERT INTO events (at, actor, type, subject, before, after, detail)
          SELECT ${at}, ${`vendor:${vendor}`}, 'token.revoked', 'token:' || id, scopes, '', vendor FROM tokens
          WHERE id = ${id} AND vendor = ${vendor} AND revoked_at IS NULL`,
    ),
    statement(
      env,
      sql`UPDATE tokens SET revoked_at = ${at} WHERE id = ${id} AND vendor = ${vendor} AND revoked_at IS NULL`,
    ),
  ]);
  const [row] = await db.select().from(tokens).where(own);
  if (!row) throw new ProblemError("not-found", `Vendor "${vendor}" has no token with that id.`);
  return { token: view(row) };
}

type Row = Pick<typeof tokens.$inferSelect, "id" | "scopes" | "createdAt" | "expiresAt" | "revokedAt" | "lastUsedAt">;

function view({ id, scopes, createdAt, expiresAt, revokedAt, lastUsedAt }: Row): TokenView {
  const time = (at: number | null) => (at === null ? null : iso(at));
  return {
    id,
    scopes: scopes.split(" ") as Scope[],
    createdAt: iso(createdAt),
    expiresAt: time(expiresAt),
    revokedAt: time(revokedAt),
    lastUsedAt: time(lastUsedAt),
  };
}
