import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../app-env.ts";
import { rateLimitFields } from "../quota.ts";

/** What every response carries unless its route says otherwise. Pages and badges bring their own policy. */
const defaults: Readonly<Record<string, string>> = {
  "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "cross-origin",
};

const added = Object.entries(defaults);

/** Reading with a conditional request is all that a page elsewhere may do. */
const preflight = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Methods": "GET, HEAD",
  "Access-Control-Allow-Headers": "If-None-Match",
  "Access-Control-Max-Age": "86400",
  Allow: "GET, HEAD, POST, OPTIONS",
};

/** Sets the security headers, and lets any origin read what GET answers: no cookie exists that could be misused. */
export const headers = createMiddleware<AppEnv>(async function setHeaders(c, next) {
  if (c.req.method === "OPTIONS") return new Response(null, { status: 204, headers: preflight });
  await next();
  const { headers } = c.res;
  for (const [name, value] of added) if (!headers.has(name)) headers.set(name, value);
  for (const [name, value] of Object.entries(rateLimitFields(c.var.standings))) headers.set(name, value);
  if (c.req.method === "GET" || c.req.method === "HEAD") {
    headers.set("Access-Control-Allow-Origin", "*");
    headers.set("Access-Control-Expose-Headers", "ETag, Link, RateLimit, RateLimit-Policy, Repr-Digest, Retry-After");
  }
});
