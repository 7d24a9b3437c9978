import { iso } from "../clock.ts";
import type { Env } from "../env.ts";
import { type DisputeRow, disputeColumns, disputeView } from "../trust/disputes.ts";
import { type ReproductionRow, reproductionColumns, reproductionView } from "../trust/read-reproduction.ts";
import { standingOf } from "../trust/standing.ts";
import { freshRead, type JsonQuery, jsonRow } from "./kept.ts";
import type { EventView, Profile, RunCause, RunState, RunView, Standing, Summary, Trust, Verdict } from "./views.ts";

interface RunRow {
  id: string;
  state: RunState;
  at: number;
  createdAt: number;
  reason: string | null;
  build: string;
  vendor: string;
  verifiedAt: number | null;
  backend: string;
  version: string;
  profile: Profile;
  suite: string;
  pvi: string;
  challenge: string;
  attempt: number;
  cause: RunCause;
  repeats: string | null;
  provenance: Trust["provenance"];
  execution: Trust["execution"];
  standing: Standing;
  shards: number;
  shardsDone: number;
  summary: Summary | null;
  reportDigest: string | null;
}

interface OpRow {
  op: string;
  verdict: Verdict;
  native: number;
  clauses: Record<string, Verdict>;
  costs: Record<string, number>;
}

type AttemptRow = Omit<RunView["attempts"][number], "at"> & { at: number };
type EventRow = Omit<EventView, "at"> & { at: number };

const standing = standingOf("r");

const run = jsonRow<RunRow>({
  id: "r.id",
  state: "r.state",
  at: "r.state_at",
  createdAt: "r.created_at",
  reason: "r.reason",
  build: "r.build",
  vendor: "b.vendor",
  verifiedAt: "v.verified_at",
  backend: "b.backend",
  version: "b.version",
  profile: "b.profile",
  suite: "r.suite",
  pvi: "s.pvi",
  challenge: "r.challenge",
  attempt: "r.attempt",
  cause: "r.cause",
  repeats: "r.repeats",
  provenance: "b.provenance",
  execution: standing.execution,
  standing: standing.standing,
  shards: "(SELECT count(*) FROM shards WHERE shards.run = r.id)",
  shardsDone: "(SELECT count(*) FROM shards WHERE shards.run = r.id AND shards.done = 1)",
  summary: "json(r.summary)",
  reportDigest: "r.report_digest",
});
const op = jsonRow<OpRow>({
  op: "op",
  verdict: "verdict",
  native: "native",
  clauses: "json(clauses)",
  costs: "json(costs)",
});
const attempt = jsonRow<AttemptRow>({ id: "id", state: "state", at: "state_at", attempt: "attempt" });
const event = jsonRow<EventRow>({ at: "at", actor: "actor", type: "type", detail: "detail" });
const reproduction = jsonRow<ReproductionRow>(reproductionColumns);
const dispute = jsonRow<DisputeRow>(disputeColumns);

const all = (row: string, from: string) => `(SELECT json_group_array(${row}) FROM (SELECT * FROM ${from}))`;

/** Everything of one run as one JSON array: run, ops, attempts, events, reproductions, disputes. */
export function runQuery(id: string): JsonQuery {
  const text = `SELECT json_array(${run.sql},
      ${all(op.sql, "op_results WHERE run = r.id ORDER BY place")},
      ${all(attempt.sql, "runs WHERE build = r.build AND suite = r.suite AND challenge = r.challenge ORDER BY attempt")},
      ${all(event.sql, "events WHERE subject = 'run:' || r.id ORDER BY id")},
      ${all(reproduction.sql, "reproductions WHERE build = r.build AND suite = r.suite ORDER BY issued_at, id")},
      ${all(dispute.sql, "disputes WHERE build = r.build AND suite = r.suite ORDER BY opened_at, id")})
    FROM runs r JOIN builds b ON b.digest = r.build JOIN vendors v ON v.slug = b.vendor JOIN suites s ON s.digest = r.suite
    WHERE r.id = ?`;
  return { text, params: [id] };
}

/** @param json what `runQuery` gave */
export function runView(json: string): RunView {
  const [values, ops, attempts, events, reproductions, disputes] = JSON.parse(json) as [
    unknown[],
    unknown[][],
    unknown[][],
    unknown[][],
    unknown[][],
    unknown[][],
  ];
  const row = run.row(values);
  const { digest, vendor, backend, version, profile } = { ...row, digest: row.build };
  return {
    id: row.id,
    state: row.state,
    at: iso(row.at),
    createdAt: iso(row.createdAt),
    reason: row.reason,
    build: { digest, vendor, unverified: row.verifiedAt === null, backend, version, profile },
    suite: { digest: row.suite, pvi: row.pvi },
    challenge: row.challenge || null,
    attempt: row.attempt,
    cause: row.cause,
    repeats: row.repeats,
    attempts: attempts.map(attempt.row).map((other) => ({ ...other, at: iso(other.at) })),
    trust: { provenance: row.provenance, execution: row.execution },
    standing: row.standing,
    reproductions: reproductions.map(reproduction.row).map(reproductionView),
    disputes: disputes.map(dispute.row).map(disputeView),
    progress: { shardsDone: row.shardsDone, shards: row.shards },
    summary: row.summary,
    reportDigest: row.reportDigest,
    ops: row.reportDigest === null ? null : ops.map(op.row).map(opOf),
    events: events.map(event.row).map((told) => ({ ...told, at: iso(told.at) })),
  };
}

function opOf({ op: id, verdict, native, clauses, costs }: OpRow) {
  return { id, verdict, native: native === 1, clauses, costs };
}

/** A run by its id: state, progress, result once published, events, and what others made of it. */
export async function readRun(env: Pick<Env, "DB">, id: string): Promise<RunView | null> {
  const json = await freshRead(env, runQuery(id));
  return json === null ? null : runView(json);
}
