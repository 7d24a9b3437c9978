// The statements of all paged lists. Each walks one index in its order from `after` on; a test holds their query plans to that.
// LEFT JOIN keeps SQLite from beginning with another table.
import { type SQL, sql } from "drizzle-orm";
import { standingOf } from "../trust/standing.ts";
import type { Key, PageRequest } from "./paging.ts";

/** `(columns) > (key)`, or nothing for the first page. */
function beyond(columns: string, direction: ">" | "<", after: Key | null): SQL {
  if (!after) return sql`1`;
  const values = sql.join(
    after.map((value) => sql`${value}`),
    sql`, `,
  );
  return sql`(${sql.raw(columns)}) ${sql.raw(direction)} (${values})`;
}

const ofRun = standingOf("r");
const ofCurrent = standingOf("c");

/** Columns that name a run in a list, of run `r` and its build `rb`. */
const runColumns =
  sql.raw(`r.id, r.state, r.state_at AS stateAt, r.created_at AS createdAt, r.attempt, r.cause, r.build, r.suite, s.pvi,
  r.conforms, r.held, r."of", r.report_digest AS reportDigest, r.challenge, ${ofRun.execution} AS execution, ${ofRun.standing} AS standing,
  rb.vendor, rv.verified_at AS verifiedAt, rb.backend, rb.version, rb.profile, rb.provenance`);

const buildColumns = sql.raw(
  "digest, vendor, v.verified_at AS verifiedAt, backend, version, profile, machine, provenance, builds.created_at AS createdAt",
);

export const vendorColumns = sql.raw(
  "slug, name, verified_at AS verifiedAt, verified_by AS verifiedBy, created_at AS createdAt",
);

export function vendorsQuery({ limit, after }: PageRequest): SQL {
  return sql`SELECT ${vendorColumns} FROM vendors WHERE ${beyond("slug", ">", after)} ORDER BY slug LIMIT ${limit + 1}`;
}

/** Backends with the current result (c…) and the run that began last (n…). */
export const BACKENDS = `FROM backends b
    LEFT JOIN vendors v ON v.slug = b.vendor
    LEFT JOIN runs c ON c.id = b.current_run
    LEFT JOIN suites cs ON cs.digest = c.suite
    LEFT JOIN builds cb ON cb.digest = c.build
    LEFT JOIN runs n ON n.id = b.latest_run`;

export function backendsQuery(filter: { vendor?: string; backend?: string }, { limit, after }: PageRequest): SQL {
  const vendor = filter.vendor === undefined ? sql`1` : sql`b.vendor = ${filter.vendor}`;
  const backend = filter.backend === undefined ? sql`1` : sql`b.slug = ${filter.backend}`;
  return sql`SELECT b.vendor, b.slug AS backend, v.verified_at AS verifiedAt, b.created_at AS createdAt,
      c.id AS cRun, c.state_at AS cAt, c.conforms AS cConforms, c.held AS cHeld, c."of" AS cOf, c.suite AS cSuite, cs.pvi AS cPvi,
      cb.version AS cVersion, cb.digest AS cBuild, cb.provenance AS cProvenance, ${sql.raw(ofCurrent.execution)} AS cExecution,
      ${sql.raw(ofCurrent.standing)} AS cStanding, n.id AS nRun, n.state AS nState, n.state_at AS nAt
    ${sql.raw(BACKENDS)}
    WHERE ${vendor} AND ${backend} AND ${beyond("b.vendor, b.slug", ">", after)} ORDER BY b.vendor, b.slug LIMIT ${limit + 1}`;
}

export function buildsQuery(filter: { vendor?: string; backend?: string }, { limit, after }: PageRequest): SQL {
  const vendor = filter.vendor === undefined ? sql`1` : sql`vendor = ${filter.vendor}`;
  const backend = filter.backend === undefined ? sql`1` : sql`backend = ${filter.backend}`;
  return sql`SELECT ${buildColumns} FROM builds LEFT JOIN vendors v ON v.slug = builds.vendor
    WHERE ${vendor} AND ${backend} AND ${beyond("builds.created_at, digest", "<", after)}
    ORDER BY builds.created_at DESC, digest DESC LIMIT ${limit + 1}`;
}

export function runsQuery(filter: { build?: string; state?: string }, { limit, after }: PageRequest): SQL {
  const build = filter.build === undefined ? sql`1` : sql`r.build = ${filter.build}`;
  const state = filter.state === undefined ? sql`1` : sql`r.state = ${filter.state}`;
  return sql`SELECT ${runColumns} FROM runs r LEFT JOIN builds rb ON rb.digest = r.build LEFT JOIN vendors rv ON rv.slug = rb.vendor
    LEFT JOIN suites s ON s.digest = r.suite
    WHERE ${build} AND ${state} AND ${beyond("r.created_at, r.id", "<", after)}
    ORDER BY r.created_at DESC, r.id DESC LIMIT ${limit + 1}`;
}

/** @param subject as in events: `run:ID`, `backend:VENDOR/NAME` */
export function eventsQuery(subject: string, { limit, after }: PageRequest): SQL {
  return sql`SELECT id, at, actor, type, subject, before, after, detail FROM events
    WHERE subject = ${subject} AND id > ${after?.[0] ?? 0} ORDER BY id LIMIT ${limit + 1}`;
}

/** What happened to a vendor, and what it did. */
export function vendorEventsQuery(slug: string, { limit, after }: PageRequest): SQL {
  const name = `vendor:${slug}`;
  const from = after?.[0] ?? 0;
  return sql`SELECT id, at, actor, type, subject, before, after, detail FROM events WHERE subject = ${name} AND id > ${from}
    UNION ALL
    SELECT id, at, actor, type, subject, before, after, detail FROM events WHERE actor = ${name} AND subject <> ${name} AND id > ${from}
    ORDER BY id LIMIT ${limit + 1}`;
}
