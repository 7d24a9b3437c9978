import { eq, sql } from "drizzle-orm";
import { database } from "../db/client.ts";
import { tokens } from "../db/schema.ts";
import type { Env } from "../env.ts";
import { ProblemError } from "../problems.ts";
import type { Scope } from "../registry/create-vendor.ts";
import type { Trust } from "../registry/views.ts";
import { sameSecret } from "./encoding.ts";
import { hashOf, isToken } from "./token.ts";

/** `last_used_at` is kept to the hour, so that a busy token costs no write per request. */
const LAST_USE_GRAIN_MS = 3_600_000;

/** What a bearer token may do, and for whom. */
export interface Grant {
  /** Id of the token. */
  id: string;
  vendor: string;
  scopes: readonly string[];
  /** ms since 1970, or null if it does not expire. */
  expiresAt: number | null;
  /** The one backend that it may submit, or null for all of the vendor's. */
  backend: string | null;
  provenance: Trust["provenance"];
}

/** What the bearer token of a request grants. @throws ProblemError unauthenticated, forbidden */
export async function grantOf(env: Env, authorization: string | null, scope: Scope, at: number): Promise<Grant> {
  const token = bearer(authorization);
  const db = database(env);
  const [row] = await db
    .select()
    .from(tokens)
    .where(eq(tokens.hash, await hashOf(token)));
  if (!row) throw refuse("The token is not known.");
  if (row.revokedAt !== null) throw refuse("The token was revoked.");
  if (row.expiresAt !== null && row.expiresAt <= at) throw refuse("The token has expired.");
  const scopes = row.scopes.split(" ");
  if (!scopes.includes(scope)) {
    throw new ProblemError("forbidden", `This needs scope "${scope}"; the token has "${row.scopes}".`);
  }
  if (at - (row.lastUsedAt ?? 0) > LAST_USE_GRAIN_MS) {
    await db
      .update(tokens)
      .set({ lastUsedAt: sql`${at}` })
      .where(eq(tokens.id, row.id));
  }
  const { id, vendor, expiresAt, backend } = row;
  return { id, vendor, scopes, expiresAt, backend, provenance: row.provenance as Trust["provenance"] };
}

/** True for the mediator's token. @throws ProblemError unauthenticated for what is no token at all */
export async function isMediator(env: Env, authorization: string | null): Promise<boolean> {
  const token = bearer(authorization);
  return Boolean(env.MEDIATOR_TOKEN) && (await sameSecret(token, env.MEDIATOR_TOKEN));
}

/** @throws ProblemError unauthenticated, or forbidden for a well-formed token that is not the mediator's */
export async function requireMediator(env: Env, authorization: string | null): Promise<void> {
  if (!(await isMediator(env, authorization))) {
    throw new ProblemError("forbidden", "Only the mediator's token may do this.");
  }
}

function bearer(authorization: string | null): string {
  if (authorization === null) throw refuse("The request has no Authorization header.");
  const [, token] = /^Bearer +([^\s]+) *$/i.exec(authorization) ?? [];
  if (!token || !isToken(token)) {
    throw refuse("The Authorization header is not `Bearer` and a whole Parley token: form or checksum is wrong.");
  }
  return token;
}

function refuse(detail: string): ProblemError {
  return new ProblemError("unauthenticated", detail, { headers: { "WWW-Authenticate": 'Bearer realm="parley"' } });
}
