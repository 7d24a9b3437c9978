import { Hono } from "hono";
import { now } from "../../clock.ts";
import { readMultipart } from "../../intake/multipart.ts";
import { submit } from "../../intake/submit.ts";
import { validate } from "../../intake/validate.ts";
import { BUILD_BODY_MAX_BYTES } from "../../limits.ts";
import { ProblemError } from "../../problems.ts";
import { readBuild } from "../../registry/read-build.ts";
import { accepted } from "../accepted.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { anonymous } from "../middleware/anonymous.ts";
import { vendor } from "../middleware/auth.ts";
import { body } from "../middleware/body.ts";
import { cachedJson, LIVE } from "../middleware/etag.ts";
import { once } from "../once.ts";
import { parseParam } from "../parse.ts";
import { addressOf, chargeSubmission } from "../quota.ts";
import { Digest } from "../schemas/common.ts";

const multipart = body("multipart/form-data", BUILD_BODY_MAX_BYTES);

export const buildRoutes = new Hono<AppEnv>()
  .post("/api/v1/validate", anonymous("validate"), multipart, async (c) =>
    c.json(await validate(await parts(c)), 200, { "Cache-Control": "no-store" }),
  )
  .post("/api/v1/builds", vendor("submit"), multipart, async (c) => {
    const at = now(c.env, c.req.raw);
    const { vendor, backend, provenance } = c.var.grant;
    await chargeSubmission(c, vendor, c.var.body.length, at);
    const submission = { parts: await parts(c), vendor, backend, provenance, address: addressOf(c) };
    return once(c, submission.parts, at, async () => accepted(c, await submit(c.env, submission, at)));
  })
  .get("/api/v1/builds/:digest", async (c) => {
    const digest = parseParam(Digest, "The digest", c.req.param("digest"));
    const build = await readBuild(c.env, digest);
    if (!build) throw new ProblemError("not-found", `Build ${digest} is not in this registry.`);
    return cachedJson(c, build, LIVE);
  });

function parts(c: AppContext) {
  return readMultipart(c.var.body, c.req.header("Content-Type") ?? "");
}
