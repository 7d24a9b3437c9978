// The registry with a bare route beside it, in one process: what one round trip to D1 and a body cost by themselves.
import type { D1Database, ExecutionContext } from "@cloudflare/workers-types";
import { Hono } from "hono";
import registry from "../../../worker/index.ts";

export { Live } from "../../../worker/index.ts";

const bare = new Hono<{ Bindings: { DB: D1Database } }>().get("/bare/:bytes", async (c) => {
  await c.env.DB.prepare("SELECT 1").first();
  return c.body("x".repeat(Number(c.req.param("bytes"))));
});

type Bindings = Parameters<typeof registry.fetch>[1];

export default {
  ...registry,
  fetch(request: Request, env: Bindings, ctx: ExecutionContext) {
    const app = new URL(request.url).pathname.startsWith("/bare/") ? bare : registry;
    return app.fetch(request, env, ctx);
  },
};
