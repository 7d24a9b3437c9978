import { Hono } from "hono";
import type { AppEnv } from "../app-env.ts";
import { cached, SHORT } from "../middleware/etag.ts";
import { openapiText } from "../openapi.ts";

export const openapiRoutes = new Hono<AppEnv>().get("/openapi.json", (c) =>
  cached(c, openapiText(), { "Content-Type": "application/json", "Cache-Control": SHORT }),
);
