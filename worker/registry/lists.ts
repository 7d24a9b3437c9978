// Paged lists for the JSON API, each one round trip to D1.
import { type SQL, sql } from "drizzle-orm";
import { iso } from "../clock.ts";
import { database, statement } from "../db/client.ts";
import type { Env } from "../env.ts";
import { theSuite } from "../pipeline/engine.ts";
import { keyView } from "./keys.ts";
import {
  backendsQuery,
  buildsQuery,
  eventsQuery,
  runsQuery,
  vendorColumns,
  vendorEventsQuery,
  vendorsQuery,
} from "./list-queries.ts";
import { type Key, PAGE_LIMIT_MAX, type PageOf, type PageRequest, pageOf } from "./paging.ts";
import type {
  BackendItem,
  BackendView,
  BuildItem,
  EventItem,
  RunItem,
  RunRef,
  Standing,
  Trust,
  VendorItem,
  VendorView,
} from "./views.ts";

/** Builds on the page of a backend. */
const BUILDS_SHOWN = 20;

type KeyRow = Parameters<typeof keyView>[0];

type Store = Pick<Env, "DB">;

interface VendorRow {
  slug: string;
  name: string;
  verifiedAt: number | null;
  verifiedBy: string | null;
  createdAt: number;
}

interface BackendRow {
  vendor: string;
  backend: string;
  verifiedAt: number | null;
  createdAt: number;
  cRun: string | null;
  cAt: number;
  cConforms: number;
  cHeld: number;
  cOf: number;
  cSuite: string;
  cPvi: string;
  cVersion: string;
  cBuild: string;
  cProvenance: Trust["provenance"];
  cExecution: Trust["execution"];
  cStanding: Standing;
  nRun: string | null;
  nState: RunRef["state"];
  nAt: number;
}

type BuildRow = Omit<BuildItem, "submittedAt" | "unverified"> & { createdAt: number; verifiedAt: number | null };

type RunRow = Pick<RunItem, "id" | "state" | "attempt" | "cause" | "standing" | "reportDigest"> &
  RunItem["trust"] &
  Omit<RunItem["build"], "digest" | "unverified"> & {
    build: string;
    verifiedAt: number | null;
    challenge: string;
    stateAt: number;
    createdAt: number;
    suite: string;
    pvi: string;
    conforms: number | null;
    held: number | null;
    of: number | null;
  };

type EventRow = Omit<EventItem, "at"> & { id: number; at: number };

async function list<Row, Item>(
  env: Store,
  query: SQL,
  page: PageRequest,
  shape: { key(row: Row): Key; view(row: Row): Item },
): Promise<PageOf<Item>> {
  return pageOf(await database(env).all<Row>(query), page, shape);
}

const vendorOf = ({ verifiedAt, createdAt, ...row }: VendorRow): VendorItem => ({
  ...row,
  unverified: verifiedAt === null,
  verifiedAt: verifiedAt === null ? null : iso(verifiedAt),
  createdAt: iso(createdAt),
});

export function listVendors(env: Store, page: PageRequest): Promise<PageOf<VendorItem>> {
  return list<VendorRow, VendorItem>(env, vendorsQuery(page), page, { key: (row) => [row.slug], view: vendorOf });
}

/** A vendor with its first backends and its keys; `null` if there is none. */
export async function readVendor(env: Store, slug: string): Promise<VendorView | null> {
  const page = { limit: PAGE_LIMIT_MAX, after: null };
  const one = sql`SELECT ${vendorColumns} FROM vendors WHERE slug = ${slug}`;
  const keys = sql`SELECT id, vendor, public_key AS publicKey, not_before AS notBefore, not_after AS notAfter,
      signed_by AS signedBy, created_at AS createdAt, revoked_at AS revokedAt, revoked_for AS revokedFor
    FROM vendor_keys WHERE vendor = ${slug} ORDER BY created_at DESC, id DESC`;
  const queries = [one, backendsQuery({ vendor: slug }, page), keys];
  const answers = await env.DB.batch(queries.map((query) => statement(env, query)));
  const [[vendor], backends, keyRows] = answers.map((answer) => answer.results) as [
    VendorRow[],
    BackendRow[],
    KeyRow[],
  ];
  if (!vendor) return null;
  const suite = (await theSuite()).digest;
  return {
    ...vendorOf(vendor),
    backends: backends.slice(0, page.limit).map((row) => backendOf(row, suite)),
    keys: await Promise.all(keyRows.map(keyView)),
  };
}

/** @param suite digest of the current one */
function backendOf(row: BackendRow, suite: string): BackendItem {
  return {
    vendor: row.vendor,
    unverified: row.verifiedAt === null,
    backend: row.backend,
    createdAt: iso(row.createdAt),
    current: row.cRun
      ? {
          run: row.cRun,
          at: iso(row.cAt),
          build: row.cBuild,
          version: row.cVersion,
          suite: { digest: row.cSuite, pvi: row.cPvi },
          stale: row.cSuite !== suite,
          conforms: row.cConforms === 1,
          score: { held: row.cHeld, of: row.cOf },
          trust: { provenance: row.cProvenance, execution: row.cExecution },
          standing: row.cStanding,
        }
      : null,
    latest: row.nRun ? { id: row.nRun, state: row.nState, at: iso(row.nAt) } : null,
  };
}

export async function listBackends(
  env: Store,
  filter: { vendor?: string },
  page: PageRequest,
): Promise<PageOf<BackendItem>> {
  const suite = (await theSuite()).digest;
  const key = (row: BackendRow) => [row.vendor, row.backend];
  const view = (row: BackendRow) => backendOf(row, suite);
  return list<BackendRow, BackendItem>(env, backendsQuery(filter, page), page, { key, view });
}

export async function readBackend(env: Store, vendor: string, backend: string): Promise<BackendItem | null> {
  const [row] = await database(env).all<BackendRow>(backendsQuery({ vendor, backend }, { limit: 1, after: null }));
  return row ? backendOf(row, (await theSuite()).digest) : null;
}

/** A backend with its newest builds, for its page. */
export async function readBackendView(env: Store, vendor: string, backend: string): Promise<BackendView | null> {
  const page = { limit: BUILDS_SHOWN, after: null };
  const queries = [
    backendsQuery({ vendor, backend }, { limit: 1, after: null }),
    buildsQuery({ vendor, backend }, page),
  ];
  const answers = await env.DB.batch(queries.map((query) => statement(env, query)));
  const [[row], builds] = answers.map((answer) => answer.results) as [BackendRow[], BuildRow[]];
  if (!row) return null;
  const { items, next } = pageOf(builds, page, { key: (build) => [build.createdAt, build.digest], view: buildOf });
  return { backend: backendOf(row, (await theSuite()).digest), builds: items, next };
}

const buildOf = ({ createdAt, verifiedAt, ...row }: BuildRow): BuildItem => ({
  ...row,
  unverified: verifiedAt === null,
  submittedAt: iso(createdAt),
});

export function listBuilds(
  env: Store,
  filter: { vendor?: string; backend?: string },
  page: PageRequest,
): Promise<PageOf<BuildItem>> {
  return list<BuildRow, BuildItem>(env, buildsQuery(filter, page), page, {
    key: (row) => [row.createdAt, row.digest],
    view: buildOf,
  });
}

function runOf(row: RunRow): RunItem {
  const { vendor, backend, version, profile, provenance, execution, standing, held, of } = row;
  return {
    id: row.id,
    state: row.state,
    at: iso(row.stateAt),
    createdAt: iso(row.createdAt),
    attempt: row.attempt,
    cause: row.cause,
    challenge: row.challenge || null,
    build: { digest: row.build, vendor, unverified: row.verifiedAt === null, backend, version, profile },
    suite: { digest: row.suite, pvi: row.pvi },
    trust: { provenance, execution },
    standing,
    conforms: row.conforms === null ? null : row.conforms === 1,
    score: held === null || of === null ? null : { held, of },
    reportDigest: row.reportDigest,
  };
}

export function listRuns(
  env: Store,
  filter: { build?: string; state?: string },
  page: PageRequest,
): Promise<PageOf<RunItem>> {
  const key = (row: RunRow) => [row.createdAt, row.id];
  return list<RunRow, RunItem>(env, runsQuery(filter, page), page, { key, view: runOf });
}

const eventOf = ({ at, actor, type, subject, before, after, detail }: EventRow): EventItem => {
  return { at: iso(at), actor, type, subject, before, after, detail };
};

/** Events of one subject, or of a vendor and what it did, oldest first. */
export function listEvents(
  env: Store,
  of: { subject: string } | { vendor: string },
  page: PageRequest,
): Promise<PageOf<EventItem>> {
  const query = "subject" in of ? eventsQuery(of.subject, page) : vendorEventsQuery(of.vendor, page);
  return list<EventRow, EventItem>(env, query, page, { key: (row) => [row.id], view: eventOf });
}
