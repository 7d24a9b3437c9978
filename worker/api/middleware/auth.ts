import { createMiddleware } from "hono/factory";
import { now } from "../../clock.ts";
import { grantOf, requireMediator } from "../../identity/authenticate.ts";
import type { Scope } from "../../registry/create-vendor.ts";
import type { AppEnv } from "../app-env.ts";

/** Puts the vendor of the bearer token into `c.var.vendor`. Runs before the body is read. */
export function vendor(scope: Scope) {
  return createMiddleware<AppEnv>(async function authenticateVendor(c, next) {
    const at = now(c.env, c.req.raw);
    const grant = await grantOf(c.env, c.req.header("Authorization") ?? null, scope, at);
    c.set("vendor", grant.vendor);
    c.set("grant", grant);
    await next();
  });
}

export const mediator = createMiddleware<AppEnv>(async function authenticateMediator(c, next) {
  await requireMediator(c.env, c.req.header("Authorization") ?? null);
  await next();
});
