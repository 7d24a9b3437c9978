import { Hono } from "hono";
import { now } from "../../clock.ts";
import { requireMediator } from "../../identity/authenticate.ts";
import { JSON_BODY_MAX_BYTES } from "../../limits.ts";
import { ProblemError } from "../../problems.ts";
import { createVendor, RESERVED_VENDORS } from "../../registry/create-vendor.ts";
import { proveDomain, verifyVendor } from "../../registry/verify-vendor.ts";
import type { AppEnv } from "../app-env.ts";
import { mediator, vendor } from "../middleware/auth.ts";
import { body } from "../middleware/body.ts";
import { parseJson, parseParam } from "../parse.ts";
import { chargeAddress } from "../quota.ts";
import { Slug } from "../schemas/common.ts";
import { DomainProofInput, NewVendorInput } from "../schemas/identity.ts";

const json = body("application/json", JSON_BODY_MAX_BYTES);
const hidden = { "Cache-Control": "no-store" };

export const vendorRoutes = new Hono<AppEnv>()
  .post("/api/v1/vendors", json, async (c) => {
    const authorization = c.req.header("Authorization");
    if (authorization !== undefined) await requireMediator(c.env, authorization);
    else await chargeAddress(c, "registrations", now(c.env, c.req.raw));
    const input = parseJson(NewVendorInput, c.var.body);
    if (authorization === undefined && RESERVED_VENDORS.includes(input.slug)) {
      throw new ProblemError("forbidden", `The name "${input.slug}" is kept for this registry itself.`);
    }
    const actor = authorization === undefined ? "anybody" : "mediator";
    return c.json(await createVendor(c.env, input, actor, now(c.env, c.req.raw)), 201, hidden);
  })
  .post("/api/v1/vendors/:slug/verify", mediator, async (c) => {
    const slug = parseParam(Slug, "The vendor", c.req.param("slug"));
    return c.json(await verifyVendor(c.env, slug, "mediator", "mediator", now(c.env, c.req.raw)), 200, hidden);
  })
  .post("/api/v1/domain-proofs", vendor("manage"), json, async (c) => {
    const { domain } = parseJson(DomainProofInput, c.var.body);
    return c.json(await proveDomain(c.env, c.var.vendor, domain, now(c.env, c.req.raw)), 200, hidden);
  });
