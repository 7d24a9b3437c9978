import { sql } from "drizzle-orm";
import type { Suite } from "../../conformance/runner/types.ts";
import { iso } from "../clock.ts";
import { statement } from "../db/client.ts";
import type { Env } from "../env.ts";
import { theSuite } from "../pipeline/engine.ts";
import { isFinal } from "../pipeline/states.ts";
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
}

interface CellRow {
  run: string;
  op: string;
  verdict: Verdict;
}

/** Backends × ops of the current suite. */
export async function readMatrix(env: Env): Promise<Matrix> {
  const suite = await theSuite();
  const cellsQuery = sql`SELECT r.run, r.op, r.verdict FROM backends b
    JOIN runs ON runs.id = b.current_run AND runs.suite = ${suite.digest}
    JOIN op_results r ON r.run = runs.id`;
  const answers = await env.DB.batch([statement(env, backendsQuery(suite.digest)), statement(env, cellsQuery)]);
  const [backends, cells] = answers.map((answer) => answer.results) as [BackendRow[], CellRow[]];
  const byRun = Map.groupBy(cells, (cell) => cell.run);
  return {
    suite: { digest: suite.digest, pvi: suite.pvi },
    groups: groupsOf(suite),
    rows: backends.flatMap((row) => (row.cRun ? [matrixRow(suite, row, row.cRun, byRun.get(row.cRun) ?? [])] : [])),
    waiting: backends.flatMap((row) => {
      const run = newest(row);
      const { vendor, backend, nVersion: version, nBuild: build } = row;
      return row.cRun || !run ? [] : [{ vendor, backend, version, build, run }];
    }),
  };
}

function backendsQuery(suite: string) {
  return sql`SELECT b.vendor, b.slug AS backend, v.verified_at AS verifiedAt,
      c.id AS cRun, c.state_at AS cAt, c.conforms AS cConforms, c.held AS cHeld, c."of" AS cOf, c.execution AS cExecution,
      cb.version AS cVersion, cb.profile AS cProfile, cb.digest AS cBuild, cb.provenance AS cProvenance,
      n.id AS nRun, n.state AS nState, n.state_at AS nAt, nb.version AS nVersion, nb.digest AS nBuild
    FROM backends b
    JOIN vendors v ON v.slug = b.vendor
    LEFT JOIN runs c ON c.id = b.current_run AND c.suite = ${suite}
    LEFT JOIN builds cb ON cb.digest = c.build
    LEFT JOIN runs n ON n.id = (
      SELECT r.id FROM builds rb JOIN runs r ON r.build = rb.digest
      WHERE rb.vendor = b.vendor AND rb.backend = b.slug ORDER BY r.created_at DESC, r.attempt DESC LIMIT 1)
    LEFT JOIN builds nb ON nb.digest = n.build
    ORDER BY b.vendor, b.slug`;
}

function newest(row: BackendRow): RunRef | null {
  return row.nRun ? { id: row.nRun, state: row.nState, at: iso(row.nAt) } : null;
}

function matrixRow(suite: Suite, row: BackendRow, run: string, cells: CellRow[]): MatrixRow {
  const verdicts = new Map(cells.map(({ op, verdict }) => [op, verdict]));
  const verdictOf = (op: string): Verdict => verdicts.get(op) ?? "not-run";
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
    cells: Object.fromEntries(suite.ops.map(({ id }) => [id, verdictOf(id)])),
    groups: Object.fromEntries(groupsOf(suite).map(({ id, ops }) => [id, countOf(ops.map(verdictOf))])),
  };
}

function countOf(verdicts: Verdict[]): GroupCount {
  const count = (word: Verdict) => verdicts.filter((verdict) => verdict === word).length;
  return {
    pass: count("pass"),
    fail: count("fail"),
    error: count("error"),
    notOffered: count("not-offered"),
    notRun: count("not-run"),
    of: verdicts.length,
  };
}
