import type { Context } from "hono";
import type { Env } from "../env.ts";
import type { Grant } from "../identity/authenticate.ts";
import type { Standing } from "./quota.ts";

/** What a request carries through the middleware. */
export interface AppEnv {
  Bindings: Env;
  Variables: {
    /** The whole body, once `body()` has read it. */
    body: Uint8Array<ArrayBuffer>;
    /** The vendor that the token acts for, once `vendor()` has checked it. */
    vendor: string;
    /** Where the quotas stand that were charged. */
    standings: readonly Standing[] | undefined;
    /** What that token may do. */
    grant: Grant;
  };
}

export type AppContext = Context<AppEnv>;
