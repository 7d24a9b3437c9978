// A registry of a size to be measured: 1 000 backends with 10 builds each, 2 runs a build, results of every run.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { root } from "../../lib/toolchain.mjs";

export const BACKENDS = 1000;
export const BUILDS = 10_000;
export const RUNS = 20_000;

const DATABASES = "v3/d1/miniflare-D1DatabaseObject";

/**
 * Fills the migrated database of a state folder by the very tables and triggers that the Worker has.
 * @returns {Promise<{run: string}>} one of the runs
 */
export async function load(stateFolder) {
  const { openSuite } = await import("../../../conformance/runner/index.ts");
  const suite = await openSuite(new Uint8Array(readFileSync(join(root, "conformance/build/suite.bin"))));
  const folder = join(stateFolder, DATABASES);
  const file = readdirSync(folder).find((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite");
  const db = new DatabaseSync(join(folder, file));
  try {
    db.exec("PRAGMA synchronous = OFF; BEGIN");
    fill(db, suite);
    db.exec("COMMIT");
    return db.prepare("SELECT current_run AS run FROM backends ORDER BY vendor, slug LIMIT 1").get();
  } finally {
    db.close();
  }
}

const numbers = (count) => `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${count})`;

function fill(db, suite) {
  const digest = (number) => `'sha256:' || printf('%064x', ${number})`;
  db.prepare("INSERT INTO suites (digest, pvi, judge, seen_at) VALUES (?, ?, ?, 1)").run(
    suite.digest,
    suite.pvi,
    suite.judge,
  );
  db.exec(
    `${numbers(BACKENDS / 10)} INSERT INTO vendors (slug, name, created_at) SELECT printf('vendor-%03d', i), 'Vendor', 1 FROM n`,
  );
  db.exec(`${numbers(BACKENDS)} INSERT INTO backends (vendor, slug, created_at)
    SELECT printf('vendor-%03d', i / 10), printf('backend-%d', i % 10), 1 FROM n`);
  db.exec(`${numbers(BUILDS)} INSERT INTO builds
      (digest, vendor, backend, version, profile, machine, manifest, manifest_digest, provenance, created_at)
    SELECT ${digest("i")}, printf('vendor-%03d', i % ${BACKENDS} / 10), printf('backend-%d', i % 10), '1.0.' || i,
      'enlightened', 'enlightened', '{}', ${digest("i")}, 'token', i FROM n`);
  db.exec(`${numbers(RUNS)} INSERT INTO runs
      (id, build, suite, attempt, state, state_at, state_actor, next_at, created_at)
    SELECT printf('%024x', i), ${digest(`i % ${BUILDS}`)}, '${suite.digest}', 1 + i / ${BUILDS}, 'received', i, 'registry', NULL, i FROM n`);
  for (const state of ["queued", "running", "merging", "judging"]) db.exec(`UPDATE runs SET state = '${state}'`);
  const ops = suite.ops.map(({ id, clauses }) => ({
    id,
    clauses: Object.fromEntries(clauses.map((one) => [one, "pass"])),
  }));
  db.prepare(`INSERT INTO op_results (run, op, place, verdict, native, clauses, costs)
    SELECT runs.id, op.value ->> 'id', op.key, 'pass', 0, op.value -> 'clauses', '{"instructions":12345,"exits":3}'
    FROM runs, json_each(?) AS op`).run(JSON.stringify(ops));
  const core = { held: 60, failed: 0, error: 0, not_run: 0, of: 60 };
  db.prepare(
    `UPDATE runs SET state = 'published', conforms = 1, held = 60, "of" = 60, summary = ?, report_digest = ${digest("rowid")}`,
  ).run(
    JSON.stringify({
      conforms: true,
      profile: "enlightened",
      pvi: suite.pvi,
      private_abi: false,
      core,
      optional: { ...core, not_offered: 0 },
    }),
  );
  db.exec("UPDATE backends SET current_run = latest_run");
}
