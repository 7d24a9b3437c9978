import { Hono } from "hono";
import type { HtmlEscapedString } from "hono/utils/html";
import type { AppContext, AppEnv } from "../api/app-env.ts";
import { cachedJson, LIVE } from "../api/middleware/etag.ts";
import { pageRequest } from "../api/page.ts";
import { getBlob } from "../db/blobs.ts";
import type { Env } from "../env.ts";
import { theSuite } from "../pipeline/engine.ts";
import { coverageOf } from "../registry/coverage.ts";
import { readBackendView, readVendor } from "../registry/lists.ts";
import type { PageRequest } from "../registry/paging.ts";
import { readBuild, readMatrix, readOp, readRun } from "../registry/read.ts";
import type { RunView } from "../registry/views.ts";
import { assetRoutes } from "./assets/routes.ts";
import { BackendPage } from "./pages/backend.tsx";
import { BuildPage } from "./pages/build.tsx";
import { CoveragePage } from "./pages/coverage.tsx";
import { MatrixPage } from "./pages/matrix.tsx";
import { NotFoundPage } from "./pages/not-found.tsx";
import { OpPage } from "./pages/op.tsx";
import { RunPage } from "./pages/run.tsx";
import { VendorPage } from "./pages/vendor.tsx";
import { parseReport, type ReportView } from "./report.ts";
import { html, notFoundHtml } from "./respond.ts";

/** Pages for people: `/`, `/ops/{id}`, `/coverage`, `/vendors/{slug}`, `/backends/{vendor}/{backend}`, `/builds/{digest}`,
 * `/runs/{id}`; each also with `.json`. */
export const webRoutes = new Hono<AppEnv>()
  .get("/", async (c) => html(c, <MatrixPage matrix={await readMatrix(c.env, matrixPage(c))} />))
  .get("/ops/:id", (c) => page(c, "operation", readOp, async (view) => <OpPage view={view} />))
  .get("/coverage", async (c) => html(c, <CoveragePage coverage={coverageOf(await theSuite())} />))
  .get("/coverage.json", async (c) => cachedJson(c, coverageOf(await theSuite()), LIVE))
  .get("/vendors/:id", (c) => page(c, "vendor", readVendor, async (vendor) => <VendorPage vendor={vendor} />))
  .get("/backends/:vendor/:id", (c) => {
    const read = (env: Env, id: string) => readBackendView(env, c.req.param("vendor"), id);
    const { origin } = new URL(c.req.url);
    return page(c, `backend of ${c.req.param("vendor")}`, read, async (view) => (
      <BackendPage view={view} origin={origin} />
    ));
  })
  .get("/builds/:id", (c) => page(c, "build", readBuild, async (build) => <BuildPage build={build} />))
  .get("/runs/:id", (c) =>
    page(c, "run", readRun, async (run) => (
      <RunPage run={run} report={await reportOf(c.env, run)} suite={(await theSuite()).digest} />
    )),
  )
  .route("/", assetRoutes);

/** Backends are listed by vendor and name. */
function matrixPage(c: AppContext): PageRequest {
  return pageRequest(c, ["string", "string"]);
}

/** Answers with the page, with its data if the address ends in `.json`, or with 404. */
async function page<View extends object>(
  c: AppContext,
  noun: string,
  read: (env: Env, id: string) => Promise<View | null>,
  render: (view: View) => Promise<HtmlEscapedString>,
): Promise<Response> {
  const address = c.req.param("id") ?? "";
  const id = address.replace(/\.json$/, "");
  const view = await read(c.env, id);
  if (!view) return address === id ? notFoundHtml(c, <NotFoundPage what={`${noun} ${id}`} />) : c.notFound();
  return address === id ? html(c, render(view)) : cachedJson(c, view, LIVE);
}

/** The published report with the sentences of the clauses that failed in it. */
async function reportOf(env: Env, run: RunView): Promise<ReportView | null> {
  const bytes = run.reportDigest ? await getBlob(env, run.reportDigest) : null;
  if (!bytes) return null;
  const failed = (run.ops ?? []).filter((op) => op.verdict === "fail" || op.verdict === "error").map((op) => op.id);
  const clauses = (await theSuite()).clauses.filter((clause) => failed.includes(clause.op));
  return parseReport(bytes, Object.fromEntries(clauses.map((clause) => [clause.id, clause.text])));
}
