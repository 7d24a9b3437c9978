import { createMiddleware } from "hono/factory";
import { now } from "../../clock.ts";
import { requireMediator, vendorOf } from "../../identity/authenticate.ts";
import type { Scope } from "../../registry/create-vendor.ts";
import type { AppEnv } from "../app-env.ts";

/** Puts the vendor of the bearer token into `c.var.vendor`. Runs before the body is read. */
export function vendor(scope: Scope) {
  return createMiddleware<AppEnv>(async function authenticateVendor(c, next) {
    const at = now(c.env, c.req.raw);
    c.set("vendor", await vendorOf(c.env, c.req.header("Authorization") ?? null, scope, at));
    await next();
  });
}

export const mediator = createMiddleware<AppEnv>(async function authenticateMediator(c, next) {
  await requireMediator(c.env, c.req.header("Authorization") ?? null);
  await next();
});
