import { Hono } from "hono";
import { now } from "../../clock.ts";
import { JSON_BODY_MAX_BYTES } from "../../limits.ts";
import { createToken, listTokens, revokeToken } from "../../registry/tokens.ts";
import type { AppEnv } from "../app-env.ts";
import { vendor } from "../middleware/auth.ts";
import { body } from "../middleware/body.ts";
import { parseJson } from "../parse.ts";
import { NewTokenInput } from "../schemas/tokens.ts";

const hidden = { "Cache-Control": "no-store" };

export const tokenRoutes = new Hono<AppEnv>()
  .get("/api/v1/tokens", vendor("manage"), async (c) =>
    c.json({ tokens: await listTokens(c.env, c.var.vendor) }, 200, hidden),
  )
  .post("/api/v1/tokens", vendor("manage"), body("application/json", JSON_BODY_MAX_BYTES), async (c) => {
    const { scopes, expiresAt } = parseJson(NewTokenInput, c.var.body);
    const input = { scopes, expiresAt: expiresAt === undefined ? null : Date.parse(expiresAt) };
    return c.json(await createToken(c.env, c.var.grant, input, now(c.env, c.req.raw)), 201, hidden);
  })
  .post("/api/v1/tokens/:id/revoke", vendor("manage"), async (c) =>
    c.json(await revokeToken(c.env, c.var.vendor, c.req.param("id"), now(c.env, c.req.raw)), 200, hidden),
  );
