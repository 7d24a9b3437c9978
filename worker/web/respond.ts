import type { HtmlEscapedString } from "hono/utils/html";
import type { AppContext } from "../api/app-env.ts";
import { cached, LIVE } from "../api/middleware/etag.ts";

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

export const pageHeaders = {
  "Content-Security-Policy": csp,
  "Content-Type": "text/html; charset=utf-8",
  "Cache-Control": LIVE,
};

/** A page as a whole document; everything in it went through the escaping of hono/jsx. */
export async function markup(page: Rendered): Promise<string> {
  // toString() of a tree with asynchronous components is a promise, which its type does not tell.
  const body: string | Promise<string> = (await page).toString();
  return `<!doctype html>${await body}`;
}

export async function html(c: AppContext, page: Rendered): Promise<Response> {
  return cached(c, await markup(page), pageHeaders);
}

export async function notFoundHtml(c: AppContext, page: Rendered): Promise<Response> {
  return c.body(await markup(page), 404, pageHeaders);
}
