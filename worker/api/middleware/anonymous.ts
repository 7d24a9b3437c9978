import { createMiddleware } from "hono/factory";
import { now } from "../../clock.ts";
import type { AppEnv } from "../app-env.ts";
import { chargeAddress, chargeValidation } from "../quota.ts";

/** Charges the caller's address, before the body is read. */
export function anonymous(quota: "validate" | "exchanges") {
  return createMiddleware<AppEnv>(async function chargeCaller(c, next) {
    const at = now(c.env, c.req.raw);
    await (quota === "validate" ? chargeValidation(c, at) : chargeAddress(c, quota, at));
    await next();
  });
}
