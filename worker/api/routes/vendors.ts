import { Hono } from "hono";
import { now } from "../../clock.ts";
import { JSON_BODY_MAX_BYTES } from "../../limits.ts";
import { createVendor } from "../../registry/create-vendor.ts";
import type { AppEnv } from "../app-env.ts";
import { mediator } from "../middleware/auth.ts";
import { body } from "../middleware/body.ts";
import { parseJson } from "../parse.ts";
import { NewVendorInput } from "../schemas/identity.ts";

export const vendorRoutes = new Hono<AppEnv>().post(
  "/api/v1/vendors",
  mediator,
  body("application/json", JSON_BODY_MAX_BYTES),
  async (c) => {
    const input = parseJson(NewVendorInput, c.var.body);
    return c.json(await createVendor(c.env, input, now(c.env, c.req.raw)), 201, { "Cache-Control": "no-store" });
  },
);
