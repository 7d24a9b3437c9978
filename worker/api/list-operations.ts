import { type RouteConfig, z } from "@hono/zod-openapi";
import { operation } from "./operation.ts";
import { Digest, RunId, RunState, Slug } from "./schemas/common.ts";
import {
  After,
  Backend,
  BuildListed,
  CoverageSchema,
  EventListed,
  Limit,
  OpResults,
  Ops,
  pageOf,
  RunListed,
  Vendor,
  VendorWithBackends,
} from "./schemas/lists.ts";
import { Report } from "./schemas/submit.ts";

type Params = Record<string, z.ZodType>;

function list(id: string, path: string, told: { summary: string; item: z.ZodType; params?: Params; query?: Params }) {
  return operation("get", path, {
    id,
    tag: "Read",
    summary: told.summary,
    ...(told.params ? { params: told.params } : {}),
    query: { ...told.query, limit: Limit, after: After },
    answer: { status: 200, says: "A page.", schema: pageOf(`${id.replace("list", "")}Page`, told.item) },
    problems: ["malformed-request"],
  });
}

function one(id: string, path: string, told: { summary: string; schema: z.ZodType; params: Params }) {
  return operation("get", path, {
    id,
    tag: "Read",
    summary: told.summary,
    params: told.params,
    answer: { status: 200, says: "It.", schema: told.schema },
    problems: ["malformed-request", "not-found"],
  });
}

export const listOperations: RouteConfig[] = [
  list("listVendors", "/api/v1/vendors", { summary: "Vendors by name", item: Vendor }),
  one("getVendor", "/api/v1/vendors/{slug}", {
    summary: "A vendor and its backends",
    schema: VendorWithBackends,
    params: { slug: Slug },
  }),
  list("listVendorEvents", "/api/v1/vendors/{slug}/events", {
    summary: "What happened to a vendor and what it did, oldest first",
    item: EventListed,
    params: { slug: Slug },
  }),
  list("listBackends", "/api/v1/backends", {
    summary: "Backends by vendor and name, each with its current result",
    item: Backend,
    query: { vendor: Slug.optional() },
  }),
  one("getBackend", "/api/v1/backends/{vendor}/{backend}", {
    summary: "A backend with its current result",
    schema: Backend,
    params: { vendor: Slug, backend: Slug },
  }),
  list("listBackendEvents", "/api/v1/backends/{vendor}/{backend}/events", {
    summary: "Which result a backend showed when, with the digests of the reports, oldest first",
    item: EventListed,
    params: { vendor: Slug, backend: Slug },
  }),
  list("listBuilds", "/api/v1/builds", {
    summary: "Builds, newest first",
    item: BuildListed,
    query: { vendor: Slug.optional(), backend: Slug.optional() },
  }),
  list("listRuns", "/api/v1/runs", {
    summary: "Runs, newest first",
    item: RunListed,
    query: { build: Digest.optional(), state: RunState.optional() },
  }),
  list("listRunEvents", "/api/v1/runs/{id}/events", {
    summary: "What happened to a run, oldest first",
    item: EventListed,
    params: { id: RunId },
  }),
  operation("get", "/api/v1/ops", {
    id: "listOps",
    tag: "Read",
    summary: "Operations of the current suite with their clauses",
    answer: { status: 200, says: "All of them, in suite order.", schema: Ops },
  }),
  one("getOp", "/api/v1/ops/{id}", {
    summary: "An operation with what every backend's current run says about it",
    schema: OpResults,
    params: { id: z.string() },
  }),
  operation("get", "/api/v1/coverage", {
    id: "getCoverage",
    tag: "Read",
    summary: "Which case of the current suite tests which clause",
    answer: { status: 200, says: "Every clause, in suite order.", schema: CoverageSchema },
  }),
  one("getReportByDigest", "/api/v1/reports/{digest}", {
    summary: "A published report by its digest; kept for ever",
    schema: Report,
    params: { digest: Digest },
  }),
  operation("get", "/api/v1/export", {
    id: "exportAll",
    tag: "Read",
    summary:
      "Everything public as JSON lines: vendors, keys, backends, suites, builds, runs, results, reproductions, disputes, revocations, events",
    answer: { status: 200, says: "One object a line; `type` says what it is.", type: "application/jsonl" },
  }),
];
