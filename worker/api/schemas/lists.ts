import { z } from "@hono/zod-openapi";
import type { CaseRef, Coverage, OpDefinition, OpView } from "../../registry/op-views.ts";
import type { BackendItem, BuildItem, EventItem, RunItem, VendorItem, VendorView } from "../../registry/views.ts";
import {
  buildNames,
  Costs,
  Count,
  Digest,
  Machine,
  Provenance,
  RunId,
  RunRef,
  Slug,
  Standing,
  SuiteRef,
  Time,
  Trust,
  Verdict,
  Verdicts,
} from "./common.ts";
import { Key } from "./keys.ts";
import { Event, Run, Score } from "./runs.ts";

export const Limit = z.int().min(1).max(100).optional().openapi({ description: "Items of a page; 50 if absent." });
export const After = z.string().optional().openapi({ description: "`next` of the page before; opaque." });

/** A page of a list; Link has the addresses of the next page and the first. */
export function pageOf<Item extends z.ZodType>(name: string, item: Item) {
  return z.object({ items: z.array(item), next: z.string().nullable() }).openapi(name);
}

export const Vendor = z
  .object({
    slug: Slug,
    name: z.string(),
    unverified: z.boolean(),
    verifiedBy: z.string().nullable(),
    verifiedAt: Time.nullable(),
    createdAt: Time,
  })
  .openapi("Vendor") satisfies z.ZodType<VendorItem>;

export const Backend = z
  .object({
    vendor: Slug,
    unverified: z.boolean(),
    backend: Slug,
    createdAt: Time,
    current: z
      .object({
        run: RunId,
        at: Time,
        build: Digest,
        version: z.string(),
        suite: SuiteRef,
        stale: z.boolean(),
        conforms: z.boolean(),
        score: Score,
        trust: Trust,
        standing: Standing,
      })
      .nullable(),
    latest: RunRef.nullable(),
  })
  .openapi("Backend") satisfies z.ZodType<BackendItem>;

export const VendorWithBackends = Vendor.extend({ backends: z.array(Backend), keys: z.array(Key) }).openapi(
  "VendorWithBackends",
) satisfies z.ZodType<VendorView>;

export const BuildListed = z
  .object({
    digest: Digest,
    ...buildNames,
    machine: Machine,
    provenance: Provenance,
    submittedAt: Time,
  })
  .openapi("BuildListed") satisfies z.ZodType<BuildItem>;

export const RunListed = Run.pick({
  id: true,
  state: true,
  at: true,
  createdAt: true,
  attempt: true,
  cause: true,
  build: true,
  suite: true,
  challenge: true,
  trust: true,
  standing: true,
  reportDigest: true,
})
  .extend({ conforms: z.boolean().nullable(), score: Score.nullable() })
  .openapi("RunListed") satisfies z.ZodType<RunItem>;

export const EventListed = Event.extend({
  subject: z.string(),
  before: z.string().nullable(),
  after: z.string().nullable(),
}).openapi("EventListed") satisfies z.ZodType<EventItem>;

const Tier = z.enum(["core", "optional", "none"]);

const Case = z
  .object({ id: z.string(), title: z.string(), mode: z.enum(["sequential", "explored"]) })
  .openapi("Case") satisfies z.ZodType<CaseRef>;

export const Op = z
  .object({
    id: z.string(),
    group: z.string(),
    summary: z.string(),
    signature: z.string(),
    tiers: z.object({ native: Tier, enlightened: Tier, shadow: Tier, direct: Tier }),
    params: z.array(z.object({ name: z.string(), type: z.string(), meaning: z.string() })),
    result: z.string().nullable(),
    native: z.boolean(),
    rule: z.boolean(),
    clauses: z.array(z.object({ id: z.string(), text: z.string(), source: z.string(), cases: z.array(Case) })),
    deviations: z.array(z.string()),
    decisions: z.array(z.object({ conflict: z.string(), choice: z.string() })),
    definedBy: z.array(z.object({ system: z.string(), sources: z.array(z.string()) })),
  })
  .openapi("Op") satisfies z.ZodType<OpDefinition>;

export const Ops = z.object({ suite: SuiteRef, items: z.array(Op) }).openapi("Ops");

export const CoverageSchema = z
  .object({
    suite: SuiteRef,
    clauses: Count,
    ops: Count,
    cases: Count,
    groups: z.array(
      z.object({
        id: z.string(),
        clauses: z.array(z.object({ id: z.string(), op: z.string(), text: z.string(), cases: z.array(Case) })),
      }),
    ),
  })
  .openapi("Coverage") satisfies z.ZodType<Coverage>;

export const OpResults = z
  .object({
    suite: SuiteRef,
    op: Op,
    results: z.array(
      z.object({
        ...buildNames,
        build: Digest,
        run: RunId,
        standing: Standing,
        stale: z.boolean(),
        verdict: Verdict,
        native: z.boolean(),
        clauses: Verdicts,
        costs: Costs,
      }),
    ),
  })
  .openapi("OpResults") satisfies z.ZodType<OpView>;
