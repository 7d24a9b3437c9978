import { Hono } from "hono";
import { theSuite } from "../../pipeline/engine.ts";
import { ProblemError } from "../../problems.ts";
import { coverageOf } from "../../registry/coverage.ts";
import { exportLines, exportVersion } from "../../registry/export.ts";
import {
  listBackends,
  listBuilds,
  listEvents,
  listRuns,
  listVendors,
  readBackend,
  readVendor,
} from "../../registry/lists.ts";
import { readOp, readReport } from "../../registry/read.ts";
import { opDefinition } from "../../registry/suite-view.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { cached, cachedJson, IMMUTABLE, LIVE, SHORT } from "../middleware/etag.ts";
import { pageRequest, pageResponse, queryOf } from "../page.ts";
import { parseParam } from "../parse.ts";
import { reprDigest } from "../repr-digest.ts";
import { Digest, RunId, RunState, Slug } from "../schemas/common.ts";

export const listRoutes = new Hono<AppEnv>()
  .get("/api/v1/vendors", async (c) => pageResponse(c, await listVendors(c.env, pageRequest(c, ["string"]))))
  .get("/api/v1/vendors/:slug", async (c) => {
    const slug = slugOf(c, "slug");
    return found(c, await readVendor(c.env, slug), `Vendor ${slug}`);
  })
  .get("/api/v1/vendors/:slug/events", async (c) =>
    pageResponse(c, await listEvents(c.env, { vendor: slugOf(c, "slug") }, pageRequest(c, ["number"]))),
  )
  .get("/api/v1/backends", async (c) =>
    pageResponse(c, await listBackends(c.env, queryOf(c, { vendor: Slug }), pageRequest(c, ["string", "string"]))),
  )
  .get("/api/v1/backends/:vendor/:backend", async (c) => {
    const [vendor, backend] = [slugOf(c, "vendor"), slugOf(c, "backend")];
    return found(c, await readBackend(c.env, vendor, backend), `Backend ${vendor}/${backend}`);
  })
  .get("/api/v1/backends/:vendor/:backend/events", async (c) => {
    const subject = `backend:${slugOf(c, "vendor")}/${slugOf(c, "backend")}`;
    return pageResponse(c, await listEvents(c.env, { subject }, pageRequest(c, ["number"])));
  })
  .get("/api/v1/builds", async (c) => {
    const filter = queryOf(c, { vendor: Slug, backend: Slug });
    if (filter.backend !== undefined && filter.vendor === undefined) {
      throw new ProblemError("malformed-request", "`backend` names one of a vendor's: give `vendor` as well.");
    }
    return pageResponse(c, await listBuilds(c.env, filter, pageRequest(c, ["number", "string"])));
  })
  .get("/api/v1/runs", async (c) => {
    const filter = queryOf(c, { build: Digest, state: RunState });
    return pageResponse(c, await listRuns(c.env, filter, pageRequest(c, ["number", "string"])));
  })
  .get("/api/v1/runs/:id/events", async (c) => {
    const run = parseParam(RunId, "The run", c.req.param("id"));
    return pageResponse(c, await listEvents(c.env, { subject: `run:${run}` }, pageRequest(c, ["number"])));
  })
  .get("/api/v1/ops", async (c) => {
    const suite = await theSuite();
    const ops = suite.ops.map((op) => opDefinition(suite, op));
    return cachedJson(c, { suite: { digest: suite.digest, pvi: suite.pvi }, items: ops }, SHORT);
  })
  .get("/api/v1/ops/:id", async (c) => found(c, await readOp(c.env, c.req.param("id")), "That operation"))
  .get("/api/v1/coverage", async (c) => cachedJson(c, coverageOf(await theSuite()), SHORT))
  .get("/api/v1/reports/:digest", async (c) => {
    const digest = parseParam(Digest, "The digest", c.req.param("digest"));
    const bytes = await readReport(c.env, digest);
    if (!bytes) throw new ProblemError("not-found", `Report ${digest} is not in this registry.`);
    return cached(c, bytes, {
      "Content-Type": "application/json",
      "Cache-Control": IMMUTABLE,
      "Repr-Digest": reprDigest(digest),
    });
  })
  .get("/api/v1/export", async (c) => {
    const headers = { ETag: `W/"events-${await exportVersion(c.env)}"`, "Cache-Control": LIVE };
    if (c.req.header("If-None-Match") === headers.ETag) return c.body(null, 304, headers);
    return c.body(exportLines(c.env), 200, { ...headers, "Content-Type": "application/jsonl" });
  });

function slugOf(c: AppContext, name: "slug" | "vendor" | "backend"): string {
  return parseParam(Slug, `The ${name}`, c.req.param(name));
}

function found(c: AppContext, view: object | null, what: string): Promise<Response> {
  if (!view) throw new ProblemError("not-found", `${what} is not in this registry.`);
  return cachedJson(c, view, SHORT);
}
