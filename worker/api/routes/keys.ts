import { Hono } from "hono";
import { now } from "../../clock.ts";
import { JSON_BODY_MAX_BYTES } from "../../limits.ts";
import { addKey, listKeys, revokeKey } from "../../registry/keys.ts";
import type { AppEnv } from "../app-env.ts";
import { vendor } from "../middleware/auth.ts";
import { body } from "../middleware/body.ts";
import { cachedJson, LIVE } from "../middleware/etag.ts";
import { parseJson, parseParam } from "../parse.ts";
import { Slug } from "../schemas/common.ts";
import { KeyRevocation, NewKeyInput } from "../schemas/keys.ts";

const json = body("application/json", JSON_BODY_MAX_BYTES);
const hidden = { "Cache-Control": "no-store" };

export const keyRoutes = new Hono<AppEnv>()
  .get("/api/v1/vendors/:slug/keys", async (c) => {
    const slug = parseParam(Slug, "The vendor", c.req.param("slug"));
    return cachedJson(c, { keys: await listKeys(c.env, slug) }, LIVE);
  })
  .post("/api/v1/keys", vendor("manage"), json, async (c) => {
    const input = parseJson(NewKeyInput, c.var.body);
    return c.json(await addKey(c.env, c.var.vendor, input, now(c.env, c.req.raw)), 201, hidden);
  })
  .post("/api/v1/keys/:id/revoke", vendor("manage"), json, async (c) => {
    const { reason } = parseJson(KeyRevocation, c.var.body);
    const at = now(c.env, c.req.raw);
    return c.json(await revokeKey(c.env, c.var.vendor, c.req.param("id"), reason, at), 200, hidden);
  });
