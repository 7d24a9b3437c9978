import { toHex } from "../../identity/encoding.ts";
import type { AppContext } from "../app-env.ts";

/** Kept for ever: the address is the digest of the content. */
export const IMMUTABLE = "public, max-age=31536000, immutable";
/** Lists and states: fresh for a minute, served stale while a newer one is fetched. */
export const SHORT = "public, max-age=60, stale-while-revalidate=600";
/** Runs that move. */
export const LIVE = "no-cache";

/** Bytes with the strong ETag of them. */
export interface Tagged {
  bytes: Uint8Array<ArrayBuffer>;
  etag: string;
}

type Headers = Record<string, string> & { "Content-Type": string; "Cache-Control": string };

const encoder = new TextEncoder();

export async function tagged(body: string | Uint8Array<ArrayBuffer>): Promise<Tagged> {
  const bytes = typeof body === "string" ? encoder.encode(body) : body;
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return { bytes, etag: `"${toHex(hash.subarray(0, 16))}"` };
}

/** Answers with a strong ETag of the body; 304 without body if the caller has it. */
export async function cached(
  c: AppContext,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Headers,
): Promise<Response> {
  return answerTagged(c, await tagged(body), headers);
}

/** The same for a body whose tag is known. */
export function answerTagged(c: AppContext, { bytes, etag }: Tagged, headers: Headers): Response {
  const known = (c.req.header("If-None-Match") ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  if (known.includes(etag) || known.includes("*")) {
    return new Response(null, { status: 304, headers: { ETag: etag, "Cache-Control": headers["Cache-Control"] } });
  }
  return new Response(bytes, { headers: { ...headers, ETag: etag } });
}

/** The same for JSON. */
export function cachedJson(c: AppContext, value: unknown, cacheControl: string): Promise<Response> {
  return cached(c, JSON.stringify(value), { "Content-Type": "application/json", "Cache-Control": cacheControl });
}
