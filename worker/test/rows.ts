import { env } from "cloudflare:test";
import { theSuite } from "../pipeline/engine.ts";
import type { RunState } from "../registry/views.ts";

/** The way of a run up to a state. */
const order: RunState[] = ["received", "queued", "running", "merging", "judging"];

export const testDigest = (letter: string) => `sha256:${letter.repeat(64)}`;

/** Rows of a build with a run that stands in `state`, without bytes in R2: for tests of the index alone. */
export async function insertRun(
  state: RunState,
  { id = "0".repeat(24), build = testDigest("b"), at = 1000 } = {},
): Promise<string> {
  const suite = await theSuite();
  const sql = (text: string, ...values: unknown[]) => env.DB.prepare(text).bind(...values);
  await env.DB.batch([
    sql("INSERT OR IGNORE INTO vendors (slug, name, created_at) VALUES ('acme', 'Acme', 1)"),
    sql("INSERT OR IGNORE INTO backends (vendor, slug, created_at) VALUES ('acme', 'hv', 1)"),
    sql(
      "INSERT OR IGNORE INTO suites (digest, pvi, judge, seen_at) VALUES (?, ?, ?, 1)",
      suite.digest,
      suite.pvi,
      suite.judge,
    ),
    sql(
      `INSERT OR IGNORE INTO builds (digest, vendor, backend, version, profile, machine, manifest, manifest_digest, provenance, created_at)
       VALUES (?, 'acme', 'hv', '1.0.0', 'enlightened', 'enlightened', '{}', ?, 'token', ?)`,
      build,
      testDigest("c"),
      at,
    ),
    sql(
      `INSERT INTO runs (id, build, suite, attempt, state, state_at, state_actor, next_at, created_at)
       VALUES (?, ?, ?, 1, 'received', ?, 'vendor:acme', ?, ?)`,
      id,
      build,
      suite.digest,
      at,
      at,
      at,
    ),
  ]);
  const last = order.includes(state) ? order.indexOf(state) : order.length - 1;
  for (const next of order.slice(1, last + 1)) await setState(id, next);
  if (!order.includes(state)) await setState(id, state);
  return id;
}

/** The bare statement: what the triggers let through. */
export function setState(id: string, state: RunState): Promise<unknown> {
  const evidence =
    state === "published"
      ? `, report_digest = '${testDigest("d")}', summary = '{"core":{"failed":0,"error":0}}', conforms = 1, held = 3, "of" = 3`
      : "";
  return env.DB.prepare(`UPDATE runs SET state = ?, state_actor = 'registry', next_at = NULL${evidence} WHERE id = ?`)
    .bind(state, id)
    .run();
}
