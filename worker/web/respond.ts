import type { Context } from "hono";
import type { HtmlEscapedString } from "hono/utils/html";
import type { Env } from "../env.ts";

export type WebContext = Context<{ Bindings: Env }>;
export type Rendered = HtmlEscapedString | Promise<HtmlEscapedString>;

/** Nothing inline, nothing from elsewhere; `data:` only for the empty icon. */
const csp = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const pageHeaders = {
  "content-security-policy": csp,
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-cache",
  "cross-origin-opener-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** A page as a whole document; everything in it went through the escaping of hono/jsx. */
export async function markup(page: Rendered): Promise<string> {
  // toString() of a tree with asynchronous components is a promise, which its type does not tell.
  const body: string | Promise<string> = (await page).toString();
  return `<!doctype html>${await body}`;
}

export async function html(c: WebContext, page: Rendered, status: 200 | 404 = 200): Promise<Response> {
  return c.body(await markup(page), status, pageHeaders);
}

/** The data of a page, readable from any origin. */
export function data(c: WebContext, view: object): Response {
  return c.json(view, 200, { "cache-control": "no-cache", "access-control-allow-origin": "*" });
}
