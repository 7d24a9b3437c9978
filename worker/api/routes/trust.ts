import { Hono } from "hono";
import { now } from "../../clock.ts";
import { JSON_BODY_MAX_BYTES } from "../../limits.ts";
import { ProblemError } from "../../problems.ts";
import { closeDispute, listDisputes, readDispute } from "../../trust/disputes.ts";
import { readReproduction } from "../../trust/read-reproduction.ts";
import { commitReproduction, issueReproduction } from "../../trust/reproductions.ts";
import { revokeBuild } from "../../trust/revoke-build.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { mediator, vendor, vendorOrMediator } from "../middleware/auth.ts";
import { body } from "../middleware/body.ts";
import { cachedJson, LIVE } from "../middleware/etag.ts";
import { pageRequest, pageResponse } from "../page.ts";
import { parseJson, parseParam } from "../parse.ts";
import { chargeVendor } from "../quota.ts";
import { Digest, RunId } from "../schemas/common.ts";
import { Commitment, DisputeClosing, RevocationInput } from "../schemas/trust.ts";

const json = body("application/json", JSON_BODY_MAX_BYTES);
const hidden = { "Cache-Control": "no-store" };

export const trustRoutes = new Hono<AppEnv>()
  .post("/api/v1/runs/:id/reproductions", vendor("submit"), async (c) => {
    const run = parseParam(RunId, "The run", c.req.param("id"));
    const at = now(c.env, c.req.raw);
    wholeVendor(c);
    await chargeVendor(c, c.var.vendor, "reproductions", at);
    return c.json({ reproduction: await issueReproduction(c.env, run, c.var.vendor, at) }, 201, hidden);
  })
  .post("/api/v1/reproductions/:id/commit", vendor("submit"), json, async (c) => {
    const { reportDigest } = parseJson(Commitment, c.var.body);
    wholeVendor(c);
    const by = { vendor: c.var.vendor, reportDigest };
    const reproduction = await commitReproduction(c.env, c.req.param("id"), by, now(c.env, c.req.raw));
    return c.json({ reproduction }, 202, hidden);
  })
  .get("/api/v1/reproductions/:id", async (c) => {
    const reproduction = await readReproduction(c.env, c.req.param("id"));
    if (!reproduction) throw new ProblemError("not-found", "That reproduction is not in this registry.");
    return cachedJson(c, { reproduction }, LIVE);
  })
  .get("/api/v1/disputes", async (c) =>
    pageResponse(c, await listDisputes(c.env, pageRequest(c, ["number", "string"]))),
  )
  .get("/api/v1/disputes/:id", async (c) => {
    const dispute = await readDispute(c.env, c.req.param("id"));
    if (!dispute) throw new ProblemError("not-found", "That dispute is not in this registry.");
    return cachedJson(c, { dispute }, LIVE);
  })
  .post("/api/v1/disputes/:id/close", mediator, json, async (c) => {
    const closing = parseJson(DisputeClosing, c.var.body);
    return c.json(
      { dispute: await closeDispute(c.env, c.req.param("id"), closing, now(c.env, c.req.raw)) },
      200,
      hidden,
    );
  })
  .post("/api/v1/builds/:digest/revoke", vendorOrMediator("manage"), json, async (c) => {
    const digest = parseParam(Digest, "The digest", c.req.param("digest"));
    const { reason } = parseJson(RevocationInput, c.var.body);
    const revocation = await revokeBuild(
      c.env,
      digest,
      { vendor: (c.get("vendor") as string | undefined) ?? null, reason },
      now(c.env, c.req.raw),
    );
    return c.json({ revocation }, 200, hidden);
  });

/** A token for one backend speaks for that backend's builds, not for its vendor's judgement of others. */
function wholeVendor(c: AppContext): void {
  if (c.var.grant.backend === null) return;
  throw new ProblemError(
    "forbidden",
    `This credential submits backend "${c.var.grant.backend}" and does nothing else.`,
  );
}
