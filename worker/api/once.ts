// Idempotency-Key, as draft-ietf-httpapi-idempotency-key-header has it: one answer per key and vendor for 24 hours.
import { and, eq, lte, sql } from "drizzle-orm";
import type { BuildParts } from "../../conformance/runner/index.ts";
import { database, statement } from "../db/client.ts";
import { idempotencyKeys } from "../db/schema.ts";
import { sha256Hex } from "../identity/encoding.ts";
import { IDEMPOTENCY_KEPT_MS, IDEMPOTENCY_LEASE_MS } from "../limits.ts";
import { ProblemError, problemResponse } from "../problems.ts";
import type { AppContext } from "./app-env.ts";

interface Kept {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/**
 * Does the work, or repeats the answer that the vendor's same key got before. Without the header the work is simply done.
 * @throws ProblemError malformed-request, key-in-use, key-reused
 */
export async function once(
  c: AppContext,
  parts: BuildParts,
  at: number,
  work: () => Promise<Response>,
): Promise<Response> {
  const header = c.req.header("Idempotency-Key");
  if (header === undefined) return work();
  const key = keyOf(header);
  const fingerprint = await fingerprintOf(parts);
  const kept = await claim(c, key, fingerprint, at);
  if (kept) return new Response(kept.body, kept);
  let response: Response;
  try {
    response = await work();
  } catch (error) {
    if (!(error instanceof ProblemError) || error.status >= 500) {
      await database(c.env)
        .delete(idempotencyKeys)
        .where(held(c, key, at));
      throw error;
    }
    response = problemResponse(error, c.req.url);
  }
  const answer: Kept = {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: await response.clone().text(),
  };
  await database(c.env)
    .update(idempotencyKeys)
    .set({ answer: JSON.stringify(answer) })
    .where(held(c, key, at));
  return response;
}

/** A structured-field string (RFC 8941 §3.3.3): quoted, printable ASCII, with \" and \\. */
function keyOf(header: string): string {
  const [, inner] = /^ *"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\]){1,200})" *$/.exec(header) ?? [];
  if (inner === undefined) {
    throw new ProblemError(
      "malformed-request",
      'Idempotency-Key is not a quoted string of 1–200 printable characters, such as "8e03978e-40d5".',
    );
  }
  return inner.replace(/\\(["\\])/g, "$1");
}

/** Over the parts and not the body: the boundary of a multipart body differs each time. */
async function fingerprintOf(parts: BuildParts): Promise<string> {
  const digests: string[] = [];
  for (const name of ["manifest", "guest", "host", "rom"] as const) {
    const bytes = parts[name];
    digests.push(bytes ? await sha256Hex(bytes as Uint8Array<ArrayBuffer>) : "-");
  }
  return sha256Hex(digests.join("\n"));
}

/** @returns what was answered before, or null if the work is ours */
async function claim(c: AppContext, key: string, fingerprint: string, at: number): Promise<Kept | null> {
  const db = database(c.env);
  const { vendor } = c.var;
  const row = { vendor, key, fingerprint, createdAt: at };
  const dead = sql`${idempotencyKeys.answer} IS NULL AND ${idempotencyKeys.createdAt} <= ${at - IDEMPOTENCY_LEASE_MS}`;
  const [, , inserted] = await c.env.DB.batch([
    statement(c.env, db.delete(idempotencyKeys).where(lte(idempotencyKeys.createdAt, at - IDEMPOTENCY_KEPT_MS))),
    statement(c.env, db.delete(idempotencyKeys).where(and(own(vendor, key), dead))),
    statement(c.env, db.insert(idempotencyKeys).values(row).onConflictDoNothing()),
  ]);
  if (inserted?.meta.changes === 1) return null;
  const [before] = await db.select().from(idempotencyKeys).where(own(vendor, key));
  if (before && before.fingerprint !== fingerprint) {
    throw new ProblemError("key-reused", `Key "${key}" was used for a build of other bytes.`);
  }
  if (!before || before.answer === null) {
    throw new ProblemError("key-in-use", `The first request with key "${key}" has no answer yet.`, {
      headers: { "Retry-After": "2" },
    });
  }
  return JSON.parse(before.answer) as Kept;
}

function own(vendor: string, key: string) {
  return and(eq(idempotencyKeys.vendor, vendor), eq(idempotencyKeys.key, key));
}

/** The row that this request made, unless it was taken for dead meanwhile. */
function held(c: AppContext, key: string, at: number) {
  return and(own(c.var.vendor, key), eq(idempotencyKeys.createdAt, at));
}
