import { Hono } from "hono";
import { now } from "../../clock.ts";
import { getBlob } from "../../db/blobs.ts";
import { isFinal } from "../../pipeline/states.ts";
import { cancelRun, repeatRun } from "../../pipeline/steer.ts";
import { ProblemError } from "../../problems.ts";
import { keptRead } from "../../registry/kept.ts";
import { readRun, runQuery, runView } from "../../registry/read-run.ts";
import type { RunView } from "../../registry/views.ts";
import { accepted } from "../accepted.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { vendor } from "../middleware/auth.ts";
import { answerTagged, cached, IMMUTABLE, LIVE, SHORT, tagged } from "../middleware/etag.ts";
import { parseParam } from "../parse.ts";
import { addressOf, chargeSubmission } from "../quota.ts";
import { reprDigest } from "../repr-digest.ts";
import { RunId } from "../schemas/common.ts";

export const runRoutes = new Hono<AppEnv>()
  .get("/api/v1/runs/:id", async (c) => {
    const id = runIdOf(c);
    const { body, lasting } = await keptRead(c.env, `run ${id}`, runQuery(id), async (json) => {
      const run = json === null ? null : runView(json);
      const body = run && (await tagged(JSON.stringify(run)));
      const lasting = run !== null && isFinal(run.state);
      return { value: { body, lasting }, sizeBytes: body?.bytes.length ?? 0, lasting };
    });
    if (!body) throw new ProblemError("not-found", `Run ${id} is not in this registry.`);
    return answerTagged(c, body, { "Content-Type": "application/json", "Cache-Control": lasting ? SHORT : LIVE });
  })
  .get("/api/v1/runs/:id/report", async (c) => {
    const run = await runOf(c);
    if (run.reportDigest === null) {
      const why = isFinal(run.state)
        ? `ended as ${run.state}: ${run.reason}`
        : `is ${run.state}; ask again when it is published`;
      throw new ProblemError("not-found", `Run ${run.id} has no report: it ${why}.`);
    }
    const bytes = await getBlob(c.env, run.reportDigest);
    if (!bytes) throw new ProblemError("unavailable", `Report ${run.reportDigest} cannot be read from the store now.`);
    return cached(c, bytes, {
      "Content-Type": "application/json",
      "Cache-Control": IMMUTABLE,
      "Repr-Digest": reprDigest(run.reportDigest),
    });
  })
  .post("/api/v1/runs/:id/cancel", vendor("submit"), async (c) => {
    const id = runIdOf(c);
    const { state } = await cancelRun(c.env, id, c.var.vendor, now(c.env, c.req.raw));
    const url = `${new URL(c.req.url).origin}/api/v1/runs/${id}`;
    return c.json({ run: { id, state, url } }, 200, { "Cache-Control": "no-store" });
  })
  .post("/api/v1/runs/:id/rerun", vendor("submit"), async (c) => {
    const id = runIdOf(c);
    const at = now(c.env, c.req.raw);
    await chargeSubmission(c, c.var.vendor, 0, at);
    return accepted(c, await repeatRun(c.env, id, { vendor: c.var.vendor, address: addressOf(c) }, at));
  });

function runIdOf(c: AppContext): string {
  return parseParam(RunId, "The run", c.req.param("id"));
}

async function runOf(c: AppContext): Promise<RunView> {
  const id = runIdOf(c);
  const run = await readRun(c.env, id);
  if (!run) throw new ProblemError("not-found", `Run ${id} is not in this registry.`);
  return run;
}
