import { Hono } from "hono";
import { type ProblemCode, ProblemError, problemTypes } from "../../problems.ts";
import type { AppEnv } from "../app-env.ts";
import { cached, SHORT } from "../middleware/etag.ts";

/** The `type` of every problem is an address; here it answers, in a sentence. */
export const problemRoutes = new Hono<AppEnv>().get("/problems/:code", (c) => {
  const code = c.req.param("code");
  if (!Object.hasOwn(problemTypes, code))
    throw new ProblemError("not-found", "No problem of this registry has that code.");
  const [status, title, action] = problemTypes[code as ProblemCode];
  const text = `${code} (HTTP ${status})\n\n${title}.\n${action}\n`;
  return cached(c, text, { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": SHORT });
});
