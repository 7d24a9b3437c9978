import { iso } from "../clock.ts";
import type { Env } from "../env.ts";
import { theSuite } from "../pipeline/engine.ts";
import { isFinal } from "../pipeline/states.ts";
import { standingOf } from "../trust/standing.ts";
import { freshRead, type JsonQuery, jsonRow } from "./kept.ts";
import { BACKENDS } from "./list-queries.ts";
import { firstPage, type PageRequest, pageOf } from "./paging.ts";
import { groupsOf } from "./suite-view.ts";
import type { GroupCount, Matrix, MatrixRow, Profile, RunRef, RunState, Standing, Trust, Verdict } from "./views.ts";

/** A backend with its current result (c…) and its newest run (n…); both may be missing. */
interface BackendRow {
  vendor: string;
  backend: string;
  verifiedAt: number | null;
  cRun: string | null;
  cAt: number;
  cSuite: string;
  cPvi: string;
  cVersion: string;
  cProfile: Profile;
  cBuild: string;
  cProvenance: Trust["provenance"];
  cExecution: Trust["execution"];
  cStanding: Standing;
  cConforms: number;
  cPrivateAbi: number;
  cHeld: number;
  cOf: number;
  nRun: string | null;
  nState: RunState;
  nAt: number;
  nVersion: string;
  nBuild: string;
  cells: Record<string, Verdict> | null;
}

const standing = standingOf("c");

const backendRow = jsonRow<BackendRow>({
  vendor: "b.vendor",
  backend: "b.slug",
  verifiedAt: "v.verified_at",
  cRun: "c.id",
  cAt: "c.state_at",
  cSuite: "c.suite",
  cPvi: "cs.pvi",
  cVersion: "cb.version",
  cProfile: "cb.profile",
  cBuild: "cb.digest",
  cProvenance: "cb.provenance",
  cExecution: standing.execution,
  cStanding: standing.standing,
  cConforms: "c.conforms",
  cPrivateAbi: "json_extract(c.summary, '$.private_abi')",
  cHeld: "c.held",
  cOf: 'c."of"',
  nRun: "n.id",
  nState: "n.state",
  nAt: "n.state_at",
  nVersion: "nb.version",
  nBuild: "nb.digest",
  cells: "json((SELECT json_group_object(op, verdict) FROM op_results WHERE run = c.id))",
});

/** Walks the primary key of `backends`; everything else is found by its own key. */
export function matrixQuery({ limit, after }: PageRequest): JsonQuery {
  const text = `SELECT json_group_array(json(row)) FROM (SELECT ${backendRow.sql} AS row
    ${BACKENDS}
    LEFT JOIN builds nb ON nb.digest = n.build
    ${after ? "WHERE (b.vendor, b.slug) > (?, ?)" : ""} ORDER BY b.vendor, b.slug LIMIT ?)`;
  return { text, params: [...(after ?? []), limit + 1] };
}

/** Backends × ops of the current suite, a page of backends at a time. */
export async function readMatrix(env: Env, page: PageRequest = firstPage): Promise<Matrix> {
  return matrixView(await freshRead(env, matrixQuery(page)), page);
}

/** @param json what `matrixQuery` gave */
export async function matrixView(json: string | null, page: PageRequest): Promise<Matrix> {
  const suite = await theSuite();
  const rows = (JSON.parse(json ?? "[]") as unknown[][]).map(backendRow.row);
  const key = (row: BackendRow) => [row.vendor, row.backend];
  const groups = groupsOf(suite);
  const { items: backends, next } = pageOf(rows, page, { key, view: (row) => row });
  return {
    suite: { digest: suite.digest, pvi: suite.pvi },
    groups,
    rows: backends.flatMap((row) => (row.cRun ? [matrixRow(groups, row, row.cRun, suite.digest)] : [])),
    waiting: backends.flatMap((row) => {
      const run = newest(row);
      const { vendor, backend, nVersion: version, nBuild: build } = row;
      return row.cRun || !run ? [] : [{ vendor, unverified: row.verifiedAt === null, backend, version, build, run }];
    }),
    next,
  };
}

function newest(row: BackendRow): RunRef | null {
  return row.nRun ? { id: row.nRun, state: row.nState, at: iso(row.nAt) } : null;
}

function matrixRow(opGroups: Matrix["groups"], row: BackendRow, run: string, suite: string): MatrixRow {
  const verdictOf = (op: string): Verdict => row.cells?.[op] ?? "not-run";
  const next = newest(row);
  const cells: Record<string, Verdict> = {};
  const groups: Record<string, GroupCount> = {};
  for (const { id, ops } of opGroups) {
    for (const op of ops) cells[op] = verdictOf(op);
    groups[id] = countOf(ops.map(verdictOf));
  }
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
    privateAbi: row.cPrivateAbi === 1,
    held: row.cHeld,
    of: row.cOf,
    trust: { provenance: row.cProvenance, execution: row.cExecution },
    standing: row.cStanding,
    suite: { digest: row.cSuite, pvi: row.cPvi },
    stale: row.cSuite !== suite,
    cells,
    groups,
  };
}

function countOf(verdicts: Verdict[]): GroupCount {
  const count = { pass: 0, fail: 0, error: 0, "not-offered": 0, "not-run": 0 };
  for (const verdict of verdicts) count[verdict] += 1;
  const { pass, fail, error } = count;
  return { pass, fail, error, notOffered: count["not-offered"], notRun: count["not-run"], of: verdicts.length };
}
