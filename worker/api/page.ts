import type { z } from "@hono/zod-openapi";
import { ProblemError } from "../problems.ts";
import { decodeAfter, PAGE_LIMIT, PAGE_LIMIT_MAX, type PageOf, type PageRequest } from "../registry/paging.ts";
import type { AppContext } from "./app-env.ts";
import { cached, SHORT } from "./middleware/etag.ts";
import { parseParam } from "./parse.ts";

/** `limit` and `after` of the address. @param shape types of the list's sort key @throws ProblemError malformed-request */
export function pageRequest(c: AppContext, shape: readonly ("string" | "number")[]): PageRequest {
  const limit = c.req.query("limit") ?? String(PAGE_LIMIT);
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > PAGE_LIMIT_MAX) {
    throw new ProblemError("malformed-request", `\`limit\` must be 1 to ${PAGE_LIMIT_MAX}.`);
  }
  const after = c.req.query("after");
  return { limit: Number(limit), after: after === undefined ? null : decodeAfter(after, shape) };
}

/** The filters that the address gives, checked. @throws ProblemError malformed-request */
export function queryOf<Name extends string>(
  c: AppContext,
  schemas: Record<Name, z.ZodType<string>>,
): { [K in Name]?: string } {
  const filter: { [K in Name]?: string } = {};
  for (const name of Object.keys(schemas) as Name[]) {
    const value = c.req.query(name);
    if (value !== undefined) filter[name] = parseParam(schemas[name], `\`${name}\``, value);
  }
  return filter;
}

/** RFC 8288: where the next page is, and the first. */
export function linkHeader(c: AppContext, next: string | null): string {
  const address = (after: string | null) => {
    const url = new URL(c.req.url);
    if (after === null) url.searchParams.delete("after");
    else url.searchParams.set("after", after);
    return url.href;
  };
  const first = `<${address(null)}>; rel="first"`;
  return next === null ? first : `<${address(next)}>; rel="next", ${first}`;
}

export function pageResponse(c: AppContext, page: PageOf<unknown>, cacheControl = SHORT): Promise<Response> {
  return cached(c, JSON.stringify(page), {
    "Content-Type": "application/json",
    "Cache-Control": cacheControl,
    Link: linkHeader(c, page.next),
  });
}
