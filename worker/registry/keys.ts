// A new key is vouched for by an old one, with a signature of these lines, each ended by a line feed:
//
//   parley-key-v1 │ vendor │ public key (base64) │ not before │ not after (ISO 8601 UTC, seconds)
import { and, desc, eq, sql } from "drizzle-orm";
import { iso } from "../clock.ts";
import { database, isDuplicate, statement } from "../db/client.ts";
import { events, vendorKeys, vendors } from "../db/schema.ts";
import type { Env } from "../env.ts";
import { fromBase64, sha256Hex } from "../identity/encoding.ts";
import { randomBase62 } from "../identity/token.ts";
import { ProblemError } from "../problems.ts";
import type { KeyView } from "./views.ts";

type Row = typeof vendorKeys.$inferSelect;

export interface NewKey {
  publicKey: string;
  notBefore: string;
  notAfter: string;
  signature?: { key: string; value: string } | undefined;
}

/** Adds a key. @throws ProblemError invalid-request, forbidden, conflict */
export async function addKey(env: Env, vendor: string, input: NewKey, at: number): Promise<{ key: KeyView }> {
  const notBefore = Date.parse(input.notBefore);
  const notAfter = Date.parse(input.notAfter);
  if (notAfter <= notBefore || notAfter <= at) {
    const detail = "/notAfter: it is not after now and /notBefore.";
    throw new ProblemError("invalid-request", detail, { errors: [{ pointer: "/notAfter", detail }] });
  }
  const signedBy = await voucher(env, vendor, input, at);
  const row: Row = {
    id: randomBase62(12),
    vendor,
    publicKey: input.publicKey,
    notBefore,
    notAfter,
    signedBy,
    createdAt: at,
    revokedAt: null,
    revokedFor: null,
  };
  const event = { at, actor: `vendor:${vendor}`, type: "key.added", subject: `key:${row.id}` };
  const db = database(env);
  try {
    await db.batch([
      db.insert(vendorKeys).values(row),
      db.insert(events).values({ ...event, before: signedBy, after: row.publicKey, detail: vendor }),
    ]);
  } catch (error) {
    if (isDuplicate(error)) throw new ProblemError("conflict", "The vendor has, or had, this very key.");
    throw error;
  }
  return { key: await keyView(row) };
}

/** The key that vouches for a new one; null where none has to. */
async function voucher(env: Env, vendor: string, input: NewKey, at: number): Promise<string | null> {
  const db = database(env);
  const [rows, [owner]] = await db.batch([
    db.select().from(vendorKeys).where(eq(vendorKeys.vendor, vendor)),
    db.select({ verifiedAt: vendors.verifiedAt }).from(vendors).where(eq(vendors.slug, vendor)),
  ]);
  if (input.signature) {
    const { key: id, value } = input.signature;
    const key = rows.find((row) => row.id === id && isValid(row, at));
    if (key && (await signs(key.publicKey, value, vendor, input))) return id;
    throw new ProblemError("forbidden", "The signature is not that of a key of this vendor which is valid now.");
  }
  const ended = Math.max(...rows.map(({ revokedAt, notAfter }) => Math.min(revokedAt ?? notAfter, notAfter)));
  const provedAnew = (owner?.verifiedAt ?? Number.NEGATIVE_INFINITY) > ended;
  if (rows.length === 0 || provedAnew) return null;
  throw new ProblemError(
    "forbidden",
    "A further key is signed by one that is valid; if none is left, prove the vendor's domain or repository anew first.",
  );
}

/** @param at ms since 1970 */
export function isValid(row: Row, at: number): boolean {
  return row.revokedAt === null && row.notBefore <= at && at < row.notAfter;
}

async function signs(publicKey: string, signature: string, vendor: string, input: NewKey): Promise<boolean> {
  const [raw, value] = [fromBase64(publicKey), fromBase64(signature)];
  if (!raw || !value) return false;
  const lines = ["parley-key-v1", vendor, input.publicKey, input.notBefore, input.notAfter];
  const message = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
  const key = await crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
  return crypto.subtle.verify("Ed25519", key, value, message);
}

/** Every key the vendor ever had, newest first. */
export async function listKeys(env: Env, vendor: string): Promise<KeyView[]> {
  const rows = await database(env)
    .select()
    .from(vendorKeys)
    .where(eq(vendorKeys.vendor, vendor))
    .orderBy(desc(vendorKeys.createdAt), desc(vendorKeys.id));
  return Promise.all(rows.map(keyView));
}

/** What was signed before stays as it is; nothing later counts. A second time changes nothing. @throws ProblemError not-found */
export async function revokeKey(
  env: Env,
  vendor: string,
  id: string,
  reason: string,
  at: number,
): Promise<{ key: KeyView }> {
  const open = sql`id = ${id} AND vendor = ${vendor} AND revoked_at IS NULL`;
  await env.DB.batch([
    statement(
      env,
      sql`INSERT INTO events (at, actor, type, subject, after, detail)
          SELECT ${at}, 'vendor:' || vendor, 'key.revoked', 'key:' || id, ${reason}, vendor FROM vendor_keys WHERE ${open}`,
    ),
    statement(env, sql`UPDATE vendor_keys SET revoked_at = ${at}, revoked_for = ${reason} WHERE ${open}`),
  ]);
  const [row] = await database(env)
    .select()
    .from(vendorKeys)
    .where(and(eq(vendorKeys.id, id), eq(vendorKeys.vendor, vendor)));
  if (!row) throw new ProblemError("not-found", `Vendor "${vendor}" has no key with that id.`);
  return { key: await keyView(row) };
}

/** A row as everybody may see it. */
export async function keyView(row: Row): Promise<KeyView> {
  const { id, publicKey, notBefore, notAfter, signedBy, revokedAt, revokedFor } = row;
  const revoked = revokedAt === null ? null : iso(revokedAt);
  return {
    id,
    publicKey,
    fingerprint: `sha256:${await sha256Hex(fromBase64(publicKey) ?? new Uint8Array())}`,
    notBefore: iso(notBefore),
    notAfter: iso(notAfter),
    signedBy,
    revokedAt: revoked,
    revokedFor,
  };
}
