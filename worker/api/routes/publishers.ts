import { Hono } from "hono";
import { now } from "../../clock.ts";
import { JSON_BODY_MAX_BYTES } from "../../limits.ts";
import { exchange } from "../../oidc/exchange.ts";
import { createPublisher, listPublishers, revokePublisher } from "../../registry/publishers.ts";
import type { AppEnv } from "../app-env.ts";
import { anonymous } from "../middleware/anonymous.ts";
import { vendor } from "../middleware/auth.ts";
import { body } from "../middleware/body.ts";
import { parseJson } from "../parse.ts";
import { NewPublisherInput, OidcInput } from "../schemas/publishers.ts";

const json = body("application/json", JSON_BODY_MAX_BYTES);
const hidden = { "Cache-Control": "no-store" };

export const publisherRoutes = new Hono<AppEnv>()
  .post("/api/v1/oidc/token", anonymous("exchanges"), json, async (c) =>
    c.json(await exchange(c.env, parseJson(OidcInput, c.var.body), now(c.env, c.req.raw)), 201, hidden),
  )
  .get("/api/v1/publishers", vendor("manage"), async (c) =>
    c.json({ publishers: await listPublishers(c.env, c.var.vendor) }, 200, hidden),
  )
  .post("/api/v1/publishers", vendor("manage"), json, async (c) => {
    const input = parseJson(NewPublisherInput, c.var.body);
    const publisher = { ...input, environment: input.environment ?? null };
    return c.json(await createPublisher(c.env, c.var.vendor, publisher, now(c.env, c.req.raw)), 201, hidden);
  })
  .post("/api/v1/publishers/:id/revoke", vendor("manage"), async (c) =>
    c.json(await revokePublisher(c.env, c.var.vendor, c.req.param("id"), now(c.env, c.req.raw)), 200, hidden),
  );
