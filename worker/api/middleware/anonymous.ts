import { createMiddleware } from "hono/factory";
import { now } from "../../clock.ts";
import type { QuotaName } from "../../limits.ts";
import type { AppEnv } from "../app-env.ts";
import { chargeAddress } from "../quota.ts";

/** Charges the caller's address, before the body is read. */
export function anonymous(quota: QuotaName) {
  return createMiddleware<AppEnv>(async function chargeCaller(c, next) {
    await chargeAddress(c, quota, now(c.env, c.req.raw));
    await next();
  });
}
