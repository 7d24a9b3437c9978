import { Hono } from "hono";
import { readMatrix } from "../../registry/read-matrix.ts";
import type { AppEnv } from "../app-env.ts";
import { cached, LIVE } from "../middleware/etag.ts";
import { linkHeader, pageRequest } from "../page.ts";

export const matrixRoutes = new Hono<AppEnv>().get("/api/v1/matrix", async (c) => {
  const matrix = await readMatrix(c.env, pageRequest(c, ["string", "string"]));
  return cached(c, JSON.stringify(matrix), {
    "Content-Type": "application/json",
    "Cache-Control": LIVE,
    Link: linkHeader(c, matrix.next),
  });
});
