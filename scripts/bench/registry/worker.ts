// The registry with a bare route beside it, in one process: what one round trip to D1 and a body cost by themselves.
import type { D1Database, ExecutionContext } from "@cloudflare/workers-types";
import { Hono } from "hono";
import registry from "../../../worker/index.ts";
import { forgetKept } from "../../../worker/registry/kept.ts";

export { Live } from "../../../worker/index.ts";

const bare = new Hono<{ Bindings: { DB: D1Database } }>().get("/bare/:bytes", async (c) => {
  await c.env.DB.prepare("SELECT 1").first();
  return c.body("x".repeat(Number(c.req.param("bytes"))));
});

/** The same reads with nothing kept, as after a change of the record. */
const FRESH = "/fresh";

type Bindings = Parameters<typeof registry.fetch>[1];

export default {
  ...registry,
  fetch(request: Request, env: Bindings, ctx: ExecutionContext) {
    const url = new URL(request.url);
    if (url.pathname.startsWith("/bare/")) return bare.fetch(request, env, ctx);
    if (!url.pathname.startsWith(FRESH)) return registry.fetch(request, env, ctx);
    forgetKept();
    url.pathname = url.pathname.slice(FRESH.length);
    return registry.fetch(new Request(url, request), env, ctx);
  },
};
