import { Hono } from "hono";
import { keptRead } from "../../registry/kept.ts";
import { matrixQuery, matrixView } from "../../registry/read-matrix.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { answerTagged, LIVE, tagged } from "../middleware/etag.ts";
import { linkHeader, pageRequest } from "../page.ts";

export const matrixRoutes = new Hono<AppEnv>().get("/api/v1/matrix", matrixJson).get("/index.json", matrixJson);

async function matrixJson(c: AppContext): Promise<Response> {
  const page = pageRequest(c, ["string", "string"]);
  const { body, next } = await keptRead(c.env, `matrix ${JSON.stringify(page)}`, matrixQuery(page), async (json) => {
    const matrix = await matrixView(json, page);
    const body = await tagged(JSON.stringify(matrix));
    return { value: { body, next: matrix.next }, sizeBytes: body.bytes.length, lasting: true };
  });
  const headers = { "Content-Type": "application/json", "Cache-Control": LIVE, Link: linkHeader(c, next) };
  return answerTagged(c, body, headers);
}
