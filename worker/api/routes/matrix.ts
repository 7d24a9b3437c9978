import { Hono } from "hono";
import { readMatrix } from "../../registry/read-matrix.ts";
import type { AppEnv } from "../app-env.ts";
import { cachedJson, LIVE } from "../middleware/etag.ts";

export const matrixRoutes = new Hono<AppEnv>().get("/api/v1/matrix", async (c) =>
  cachedJson(c, await readMatrix(c.env), LIVE),
);
