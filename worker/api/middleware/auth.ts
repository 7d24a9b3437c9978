import { createMiddleware } from "hono/factory";
import { now } from "../../clock.ts";
import { grantOf, isMediator, requireMediator } from "../../identity/authenticate.ts";
import type { Scope } from "../../registry/create-vendor.ts";
import type { AppContext, AppEnv } from "../app-env.ts";

/** Puts the vendor of the bearer token into `c.var.vendor`. Runs before the body is read. */
export function vendor(scope: Scope) {
  return createMiddleware<AppEnv>(async function authenticateVendor(c, next) {
    await admit(c, scope);
    await next();
  });
}

/** The same, but the mediator may as well: then there is no `c.var.vendor`. */
export function vendorOrMediator(scope: Scope) {
  return createMiddleware<AppEnv>(async function authenticateEither(c, next) {
    if (!(await isMediator(c.env, c.req.header("Authorization") ?? null))) await admit(c, scope);
    await next();
  });
}

async function admit(c: AppContext, scope: Scope): Promise<void> {
  const grant = await grantOf(c.env, c.req.header("Authorization") ?? null, scope, now(c.env, c.req.raw));
  c.set("vendor", grant.vendor);
  c.set("grant", grant);
}

export const mediator = createMiddleware<AppEnv>(async function authenticateMediator(c, next) {
  await requireMediator(c.env, c.req.header("Authorization") ?? null);
  await next();
});
