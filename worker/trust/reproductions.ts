// A verified party gets the same result by itself, and proves that it did not copy it:
//
//   issued ─ commits to a digest ─▶ checking ─ same digest ─▶ matched
//      └─ too late ─▶ lapsed           └─ another ─▶ repeating ─ same ─▶ matched │ another again ─▶ disputed
//
// The registry runs the seed only after the commitment, so neither side can wait for the other's answer. The triggers say the same.
import { sql } from "drizzle-orm";
import { iso } from "../clock.ts";
import { statement } from "../db/client.ts";
import type { Env } from "../env.ts";
import { toHex } from "../identity/encoding.ts";
import { randomBase62 } from "../identity/token.ts";
import { REPRODUCTION_OPEN_MS } from "../limits.ts";
import { newRun, start } from "../pipeline/attempts.ts";
import { theSuite } from "../pipeline/engine.ts";
import { ProblemError } from "../problems.ts";
import type { ReproductionView } from "../registry/views.ts";
import { type ReproductionRow, reproductionRow, reproductionView } from "./read-reproduction.ts";

interface Target {
  id: string;
  build: string;
  suite: string;
  state: string;
  challenge: string;
  owner: string;
  verifiedAt: number | null;
}

/** Gives a party its one-time seed for a published run. @param vendor who asks @throws ProblemError not-found, forbidden, conflict */
export async function issueReproduction(
  env: Env,
  run: string,
  vendor: string,
  at: number,
): Promise<ReproductionView & { seed: string }> {
  const target = await env.DB.prepare(
    `SELECT r.id, r.build, r.suite, r.state, r.challenge, b.vendor AS owner,
      (SELECT verified_at FROM vendors WHERE slug = ?) AS verifiedAt FROM runs r JOIN builds b ON b.digest = r.build WHERE r.id = ?`,
  )
    .bind(vendor, run)
    .first<Target>();
  if (!target) throw new ProblemError("not-found", `Run ${run} is not in this registry.`);
  await requireReproducible(target, vendor);
  const row: ReproductionRow = {
    id: randomBase62(16),
    run,
    build: target.build,
    suite: target.suite,
    vendor,
    seed: toHex(crypto.getRandomValues(new Uint8Array(32))),
    state: "issued",
    stateAt: at,
    issuedAt: at,
    expiresAt: at + REPRODUCTION_OPEN_MS,
    committedDigest: null,
    checkRun: null,
    checkDigest: null,
    repeatRun: null,
    repeatDigest: null,
  };
  await statement(
    env,
    sql`INSERT INTO reproductions (id, run, build, suite, vendor, seed, state, state_at, state_actor, issued_at, expires_at)
      VALUES (${row.id}, ${run}, ${row.build}, ${row.suite}, ${vendor}, ${row.seed}, 'issued', ${at}, ${`vendor:${vendor}`}, ${at},
        ${row.expiresAt})`,
  ).run();
  return { ...reproductionView(row), seed: row.seed };
}

async function requireReproducible(target: Target, vendor: string): Promise<void> {
  if (target.verifiedAt === null) {
    throw new ProblemError(
      "forbidden",
      `Vendor "${vendor}" is unverified; prove its domain (POST /api/v1/domain-proofs) or its repository first.`,
    );
  }
  if (target.owner === vendor) {
    throw new ProblemError("forbidden", `The build is "${vendor}"'s own; another party has to reproduce it.`);
  }
  if (target.state !== "published" || target.challenge !== "") {
    throw new ProblemError("conflict", `Run ${target.id} is no published result: only such a one can be reproduced.`);
  }
  await requireSuite(target.suite);
}

async function requireSuite(suite: string): Promise<void> {
  const present = await theSuite();
  if (suite === present.digest) return;
  throw new ProblemError("conflict", `The run is of suite ${suite}; this registry runs ${present.digest} now.`);
}

/**
 * Takes a party's report digest for its seed, and runs the seed. The same digest again gives the same answer.
 * @throws ProblemError not-found, also for another party's; conflict for another digest or a seed that has lapsed
 */
export async function commitReproduction(
  env: Env,
  id: string,
  { vendor, reportDigest }: { vendor: string; reportDigest: string },
  at: number,
): Promise<ReproductionView> {
  const row = await reproductionRow(env, id);
  if (row?.vendor !== vendor) throw new ProblemError("not-found", `Vendor "${vendor}" has no reproduction ${id}.`);
  if (row.state !== "issued") return already(row, reportDigest);
  if (row.expiresAt <= at) {
    throw new ProblemError("conflict", `The seed was good until ${iso(row.expiresAt)}; ask for another one.`);
  }
  await requireSuite(row.suite);
  const attempt = { build: row.build, suite: row.suite, challenge: row.seed, attempt: 1 };
  const check = await newRun(attempt, { actor: `vendor:${vendor}`, cause: "reproduction" }, at);
  await env.DB.batch(
    [
      sql`UPDATE reproductions SET state = 'checking', state_at = ${at}, state_actor = ${`vendor:${vendor}`},
          committed_digest = ${reportDigest}, check_run = ${check.id} WHERE id = ${id} AND state = 'issued'`,
      sql`INSERT INTO runs (id, build, suite, challenge, attempt, state, state_at, state_actor, next_at, created_at, cause)
        SELECT check_run, build, suite, seed, 1, 'received', ${at}, state_actor, ${check.nextAt}, ${at}, 'reproduction'
        FROM reproductions WHERE id = ${id} AND state = 'checking' ON CONFLICT DO NOTHING`,
    ].map((query) => statement(env, query)),
  );
  const kept = await reproductionRow(env, id);
  if (kept?.committedDigest !== reportDigest) return already(kept ?? row, reportDigest);
  await start(env, { id: check.id, build: row.build }, at);
  return reproductionView(kept);
}

function already(row: ReproductionRow, reportDigest: string): ReproductionView {
  if (row.committedDigest === reportDigest) return reproductionView(row);
  const why = row.committedDigest ? `is committed to ${row.committedDigest}` : "has lapsed";
  throw new ProblemError("conflict", `Reproduction ${row.id} ${why}; that does not change.`);
}

/** Seeds that nobody committed to in time. */
export async function lapseReproductions(env: Env, at: number): Promise<void> {
  await statement(
    env,
    sql`UPDATE reproductions SET state = 'lapsed', state_at = ${at}, state_actor = 'registry' WHERE state = 'issued' AND expires_at <= ${at}`,
  ).run();
}
