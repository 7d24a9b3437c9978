import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import type { AppEnv } from "./api/app-env.ts";
import { headers } from "./api/middleware/headers.ts";
import { badgeRoutes } from "./api/routes/badges.ts";
import { buildRoutes } from "./api/routes/builds.ts";
import { hookRoutes } from "./api/routes/hooks.ts";
import { keyRoutes } from "./api/routes/keys.ts";
import { listRoutes } from "./api/routes/lists.ts";
import { liveRoutes } from "./api/routes/live.ts";
import { matrixRoutes } from "./api/routes/matrix.ts";
import { openapiRoutes } from "./api/routes/openapi.ts";
import { problemRoutes } from "./api/routes/problems.tsx";
import { publisherRoutes } from "./api/routes/publishers.ts";
import { runRoutes } from "./api/routes/runs.ts";
import { tokenRoutes } from "./api/routes/tokens.ts";
import { trustRoutes } from "./api/routes/trust.ts";
import { vendorRoutes } from "./api/routes/vendors.ts";
import { logFailure } from "./log.ts";
import { ProblemError } from "./problems.ts";
import { refuse } from "./web/problem.tsx";
import { webRoutes } from "./web/routes.tsx";

/** Every way in and out over HTTP. */
export const app = new Hono<AppEnv>()
  .use(headers)
  .route("/", badgeRoutes)
  .route("/", matrixRoutes)
  .route("/", listRoutes)
  .route("/", runRoutes)
  .route("/", liveRoutes)
  .route("/", buildRoutes)
  .route("/", vendorRoutes)
  .route("/", tokenRoutes)
  .route("/", publisherRoutes)
  .route("/", keyRoutes)
  .route("/", hookRoutes)
  .route("/", trustRoutes)
  .route("/", openapiRoutes)
  .route("/", problemRoutes)
  .route("/", webRoutes);

app.notFound((c) => refuse(c, missing(c.req.method, c.req.path)));

app.onError((error, c) => refuse(c, asProblem(error, c.req.path)));

/** A path that exists under other methods is 405 with those. */
function missing(method: string, path: string): ProblemError {
  const others = ["GET", "POST"].filter((other) => other !== method && takes(other, path));
  if (others.length === 0) return new ProblemError("not-found", "No page, record or call has this address.");
  const allow = others.join(", ");
  return new ProblemError("method-not-allowed", `${method} is not taken here; ${allow} is.`, {
    headers: { Allow: allow },
  });
}

function takes(method: string, path: string): boolean {
  // The first match is the middleware that every path has.
  return app.router.match(method, path)[0].length > 1;
}

function asProblem(error: unknown, path: string): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof HTTPException && error.status < 500) return new ProblemError("malformed-request", error.message);
  logFailure("request", { path }, error);
  return new ProblemError("internal", "Something here went wrong; it was noted.");
}
