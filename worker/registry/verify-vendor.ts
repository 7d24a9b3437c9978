// A vendor proves a domain by one line of text at https://DOMAIN/.well-known/parley-vendor:
//
//   parley-vendor=SLUG:MAC      MAC: 32 hex digits of HMAC-SHA256(SECRETS_KEY, "parley-vendor" LF slug LF domain)
import { eq } from "drizzle-orm";
import { database, statement } from "../db/client.ts";
import { events, vendors } from "../db/schema.ts";
import type { Env } from "../env.ts";
import { fromBase64, toHex } from "../identity/encoding.ts";
import { SealError } from "../identity/seal.ts";
import { PROOF_MAX_BYTES } from "../limits.ts";
import { addressRefusal, fetchPublic, OutboundError } from "../outbound.ts";
import { ProblemError } from "../problems.ts";

export interface Verified {
  vendor: string;
  /** `domain:NAME`, `repository:OWNER/NAME` or `mediator`. */
  verifiedBy: string;
}

/** Marks a vendor as verified, with its event. @throws ProblemError not-found */
export async function verifyVendor(
  env: Env,
  vendor: string,
  verifiedBy: string,
  actor: string,
  at: number,
): Promise<Verified> {
  const db = database(env);
  const [row] = await db.select({ before: vendors.verifiedBy }).from(vendors).where(eq(vendors.slug, vendor));
  if (!row) throw new ProblemError("not-found", `Vendor "${vendor}" is not registered.`);
  const event = { at, actor, type: "vendor.verified", subject: `vendor:${vendor}`, after: verifiedBy };
  await env.DB.batch([
    statement(env, db.update(vendors).set({ verifiedAt: at, verifiedBy }).where(eq(vendors.slug, vendor))),
    statement(env, db.insert(events).values({ ...event, before: row.before })),
  ]);
  return { vendor, verifiedBy };
}

/** Looks for the vendor's line at its domain. @throws ProblemError malformed-request, proof-missing */
export async function proveDomain(env: Env, vendor: string, domain: string, at: number): Promise<Verified> {
  const address = `https://${domain}/.well-known/parley-vendor`;
  const refusal = addressRefusal(address);
  if (refusal || new URL(address).hostname !== domain) {
    throw new ProblemError(
      "malformed-request",
      `"${domain}" cannot be proved: ${refusal ?? "it is not the plain lower-case form of its name"}.`,
    );
  }
  const line = `parley-vendor=${vendor}:${await macOf(env, vendor, domain)}`;
  const found = await lines(address);
  if (!found.some((text) => text.trim() === line)) {
    throw new ProblemError("proof-missing", `${address} must have this line: ${line}`);
  }
  return verifyVendor(env, vendor, `domain:${domain}`, `vendor:${vendor}`, at);
}

/** An address that cannot be read has no lines: the answer is the same, and says what to serve. */
async function lines(address: string): Promise<string[]> {
  try {
    return new TextDecoder().decode(await fetchPublic(address, fetch, PROOF_MAX_BYTES)).split("\n");
  } catch (error) {
    if (error instanceof OutboundError) return [];
    throw error;
  }
}

async function macOf(env: Env, vendor: string, domain: string): Promise<string> {
  const secret = fromBase64(env.SECRETS_KEY ?? "");
  if (!secret?.length) throw new SealError("SECRETS_KEY is not set. Set it with `wrangler secret put SECRETS_KEY`.");
  const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const text = new TextEncoder().encode(`parley-vendor\n${vendor}\n${domain}`);
  return toHex(new Uint8Array(await crypto.subtle.sign("HMAC", key, text))).slice(0, 32);
}
