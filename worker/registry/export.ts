// Everything public as JSON lines, in the order of the tables: {"type": "vendor", …} ⏎ {"type": "backend", …} ⏎ …
// Each table is read by rowid, a page at a time, as fast as the reader takes it.
import type { Env } from "../env.ts";
import { disputeColumns } from "../trust/disputes.ts";
import { reproductionColumns } from "../trust/read-reproduction.ts";

const PAGE_ROWS = 500;

interface Kind {
  type: string;
  table: string;
  columns: string;
  /** Columns that hold JSON, given out as such. */
  json?: readonly string[];
  where?: string;
}

/** Tokens, hooks, secrets and deliveries are not public; events name tokens and hooks, so only the others are given out. */
const kinds: readonly Kind[] = [
  { type: "vendor", table: "vendors", columns: "slug, name, verified_at, verified_by, created_at" },
  {
    type: "key",
    table: "vendor_keys",
    columns: "id, vendor, public_key, not_before, not_after, signed_by, created_at, revoked_at, revoked_for",
  },
  { type: "backend", table: "backends", columns: "vendor, slug, current_run, created_at" },
  { type: "suite", table: "suites", columns: "digest, pvi, judge, seen_at" },
  {
    type: "build",
    table: "builds",
    columns:
      "digest, vendor, backend, version, profile, machine, manifest, manifest_digest, guest_digest, host_digest, rom_digest, provenance, created_at",
    json: ["manifest"],
  },
  {
    type: "run",
    table: "runs",
    columns:
      "id, build, suite, attempt, cause, repeats, state, state_at, reason, created_at, challenge, report_digest, summary",
    json: ["summary"],
  },
  {
    type: "result",
    table: "op_results",
    columns: "run, op, place, verdict, native, clauses, costs",
    json: ["clauses", "costs"],
  },
  {
    type: "reproduction",
    table: "reproductions",
    columns: Object.values(reproductionColumns).join(", "),
    where: "committed_digest IS NOT NULL",
  },
  { type: "dispute", table: "disputes", columns: Object.values(disputeColumns).join(", ") },
  { type: "revocation", table: "revocations", columns: "build, at, actor, reason" },
  {
    type: "event",
    table: "events",
    columns: "id, at, actor, type AS event, subject, before, after, detail",
    where: "subject NOT LIKE 'token:%' AND subject NOT LIKE 'hook:%'",
  },
];

/** Changes whenever something public does: every change is an event. */
export async function exportVersion(env: Pick<Env, "DB">): Promise<number> {
  return (await env.DB.prepare("SELECT max(id) AS id FROM events").first<number | null>("id")) ?? 0;
}

export function exportLines(env: Pick<Env, "DB">): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const lines = allLines(env);
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await lines.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    cancel: async () => void (await lines.return(undefined)),
  });
}

async function* allLines(env: Pick<Env, "DB">): AsyncGenerator<string, void> {
  for (const kind of kinds) {
    let after = 0;
    for (;;) {
      const rows = await readRows(env, kind, after);
      if (rows.length > 0) yield rows.map((row) => lineOf(kind, row)).join("");
      if (rows.length < PAGE_ROWS) break;
      after = Number(rows.at(-1)?.place_in_table);
    }
  }
}

async function readRows(env: Pick<Env, "DB">, { table, columns, where }: Kind, after: number) {
  const text = `SELECT rowid AS place_in_table, ${columns} FROM ${table} WHERE rowid > ? ${where ? `AND ${where}` : ""} ORDER BY rowid LIMIT ?`;
  const { results } = await env.DB.prepare(text).bind(after, PAGE_ROWS).all<Record<string, unknown>>();
  return results;
}

function lineOf({ type, json = [] }: Kind, { place_in_table: _, ...row }: Record<string, unknown>): string {
  for (const column of json) row[column] = typeof row[column] === "string" ? JSON.parse(row[column]) : null;
  return `${JSON.stringify({ type, ...row })}\n`;
}
