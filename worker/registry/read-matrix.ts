import { type SQL, sql } from "drizzle-orm";
import { iso } from "../clock.ts";
import { database } from "../db/client.ts";
import type { Env } from "../env.ts";
import { theSuite } from "../pipeline/engine.ts";
import { isFinal } from "../pipeline/states.ts";
import { firstPage, type PageRequest, pageOf } from "./paging.ts";
import { groupsOf } from "./suite-view.ts";
import type { GroupCount, Matrix, MatrixRow, Profile, RunRef, RunState, Trust, Verdict } from "./views.ts";

/** A backend with its current result (c…) and its newest run (n…); both may be missing. */
interface BackendRow {
  vendor: string;
  backend: string;
  verifiedAt: number | null;
  cRun: string | null;
  cAt: number;
  cVersion: string;
  cProfile: Profile;
  cBuild: string;
  cProvenance: Trust["provenance"];
  cExecution: Trust["execution"];
  cConforms: number;
  cHeld: number;
  cOf: number;
  nRun: string | null;
  nState: RunState;
  nAt: number;
  nVersion: string;
  nBuild: string;
  /** JSON: op id → verdict. */
  cells: string;
}

/** Backends × ops of the current suite, a page of backends at a time. */
export async function readMatrix(env: Env, page: PageRequest = firstPage): Promise<Matrix> {
  const suite = await theSuite();
  const rows = await database(env).all<BackendRow>(matrixQuery(suite.digest, page));
  const key = (row: BackendRow) => [row.vendor, row.backend];
  const groups = groupsOf(suite);
  const { items: backends, next } = pageOf(rows, page, { key, view: (row) => row });
  return {
    suite: { digest: suite.digest, pvi: suite.pvi },
    groups,
    rows: backends.flatMap((row) => (row.cRun ? [matrixRow(groups, row, row.cRun)] : [])),
    waiting: backends.flatMap((row) => {
      const run = newest(row);
      const { vendor, backend, nVersion: version, nBuild: build } = row;
      return row.cRun || !run ? [] : [{ vendor, backend, version, build, run }];
    }),
    next,
  };
}

/** Walks the primary key of `backends`; everything else is found by its own key. */
export function matrixQuery(suite: string, { limit, after }: PageRequest): SQL {
  const beyond = after ? sql`(b.vendor, b.slug) > (${after[0]}, ${after[1]})` : sql`1`;
  return sql`SELECT b.vendor, b.slug AS backend, v.verified_at AS verifiedAt,
      c.id AS cRun, c.state_at AS cAt, c.conforms AS cConforms, c.held AS cHeld, c."of" AS cOf, c.execution AS cExecution,
      cb.version AS cVersion, cb.profile AS cProfile, cb.digest AS cBuild, cb.provenance AS cProvenance,
      n.id AS nRun, n.state AS nState, n.state_at AS nAt, nb.version AS nVersion, nb.digest AS nBuild,
      (SELECT json_group_object(op, verdict) FROM op_results WHERE run = c.id) AS cells
    FROM backends b
    LEFT JOIN vendors v ON v.slug = b.vendor
    LEFT JOIN runs c ON c.id = b.current_run AND c.suite = ${suite}
    LEFT JOIN builds cb ON cb.digest = c.build
    LEFT JOIN runs n ON n.id = b.latest_run
    LEFT JOIN builds nb ON nb.digest = n.build
    WHERE ${beyond} ORDER BY b.vendor, b.slug LIMIT ${limit + 1}`;
}

function newest(row: BackendRow): RunRef | null {
  return row.nRun ? { id: row.nRun, state: row.nState, at: iso(row.nAt) } : null;
}

function matrixRow(opGroups: Matrix["groups"], row: BackendRow, run: string): MatrixRow {
  const verdicts = JSON.parse(row.cells) as Record<string, Verdict>;
  const verdictOf = (op: string): Verdict => verdicts[op] ?? "not-run";
  const next = newest(row);
  return {
    vendor: row.vendor,
    unverified: row.verifiedAt === null,
    backend: row.backend,
    version: row.cVersion,
    profile: row.cProfile,
    build: row.cBuild,
    run: { id: run, state: "published", at: iso(row.cAt) },
    pending: next && !isFinal(next.state) ? next : null,
    conforms: row.cConforms === 1,
    held: row.cHeld,
    of: row.cOf,
    trust: { provenance: row.cProvenance, execution: row.cExecution },
    cells: Object.fromEntries(opGroups.flatMap(({ ops }) => ops.map((op) => [op, verdictOf(op)]))),
    groups: Object.fromEntries(opGroups.map(({ id, ops }) => [id, countOf(ops.map(verdictOf))])),
  };
}

function countOf(verdicts: Verdict[]): GroupCount {
  const count = { pass: 0, fail: 0, error: 0, "not-offered": 0, "not-run": 0 };
  for (const verdict of verdicts) count[verdict] += 1;
  const { pass, fail, error } = count;
  return { pass, fail, error, notOffered: count["not-offered"], notRun: count["not-run"], of: verdicts.length };
}
