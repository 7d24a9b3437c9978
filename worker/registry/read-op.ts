import { sql } from "drizzle-orm";
import { database } from "../db/client.ts";
import type { Env } from "../env.ts";
import { theSuite } from "../pipeline/engine.ts";
import { standingOf } from "../trust/standing.ts";
import type { OpResult, OpView } from "./op-views.ts";
import { opDefinition } from "./suite-view.ts";

type OpRow = Omit<OpResult, "unverified" | "native" | "stale" | "clauses" | "costs"> & {
  suite: string;
  verifiedAt: number | null;
  native: number;
  clauses: string;
  costs: string;
};

/** One op of the current suite by id, with what every backend's current run says about it. */
export async function readOp(env: Env, opId: string): Promise<OpView | null> {
  const suite = await theSuite();
  const op = suite.ops.find(({ id }) => id === opId);
  if (!op) return null;
  const rows = await database(env).all<OpRow>(sql`SELECT b.vendor, v.verified_at AS verifiedAt, b.slug AS backend,
      builds.version, builds.profile, builds.digest AS build, runs.id AS run, runs.suite,
      ${sql.raw(standingOf("runs").standing)} AS standing, r.verdict, r.native, r.clauses, r.costs
    FROM backends b
    JOIN vendors v ON v.slug = b.vendor
    JOIN runs ON runs.id = b.current_run
    JOIN builds ON builds.digest = runs.build
    JOIN op_results r ON r.run = runs.id AND r.op = ${op.id}
    ORDER BY b.vendor, b.slug`);
  return {
    suite: { digest: suite.digest, pvi: suite.pvi },
    op: opDefinition(suite, op),
    results: rows.map(({ verifiedAt, native, suite: of, clauses, costs, ...row }) => ({
      ...row,
      unverified: verifiedAt === null,
      native: native === 1,
      stale: of !== suite.digest,
      clauses: JSON.parse(clauses),
      costs: JSON.parse(costs),
    })),
  };
}
