import { toHex } from "../../identity/encoding.ts";
import type { AppContext } from "../app-env.ts";

/** Kept for ever: the address is the digest of the content. */
export const IMMUTABLE = "public, max-age=31536000, immutable";
/** Lists and states: fresh for a minute, served stale while a newer one is fetched. */
export const SHORT = "public, max-age=60, stale-while-revalidate=600";
/** Runs that move. */
export const LIVE = "no-cache";

/** Answers with a strong ETag of the body; 304 without body if the caller has it. */
export async function cached(
  c: AppContext,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> & { "Content-Type": string; "Cache-Control": string },
): Promise<Response> {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const etag = `"${toHex(hash.subarray(0, 16))}"`;
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
