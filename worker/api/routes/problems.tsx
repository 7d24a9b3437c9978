import { Hono } from "hono";
import { type ProblemCode, ProblemError, problemTypes } from "../../problems.ts";
import { ProblemTypesPage } from "../../web/pages/problem.tsx";
import { wantsPage } from "../../web/problem.tsx";
import { markup, pageHeaders } from "../../web/respond.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { cached, SHORT } from "../middleware/etag.ts";

const all = Object.keys(problemTypes) as ProblemCode[];

/** The `type` of every problem is an address; here it answers: a page for people, a few lines of text for programs. */
export const problemRoutes = new Hono<AppEnv>()
  .get("/problems", (c) => told(c, all))
  .get("/problems/:code", (c) => {
    const code = c.req.param("code");
    if (!Object.hasOwn(problemTypes, code))
      throw new ProblemError("not-found", "No problem of this registry has that code.");
    return told(c, [code as ProblemCode]);
  });

async function told(c: AppContext, codes: readonly ProblemCode[]): Promise<Response> {
  const headers = { "Cache-Control": SHORT, Vary: "Accept" };
  if (wantsPage(c)) return cached(c, await markup(<ProblemTypesPage codes={codes} />), { ...pageHeaders, ...headers });
  const text = codes.map((code) => {
    const [status, title, action] = problemTypes[code];
    return `${code} (HTTP ${status})\n\n${title}.\n${action}\n`;
  });
  return cached(c, text.join("\n"), { "Content-Type": "text/plain; charset=utf-8", ...headers });
}
