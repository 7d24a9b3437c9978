import { iso } from "../clock.ts";
import type { Env } from "../env.ts";
import type { ReproductionState, ReproductionView } from "../registry/views.ts";

export interface ReproductionRow {
  id: string;
  run: string;
  build: string;
  suite: string;
  vendor: string;
  seed: string;
  state: ReproductionState;
  stateAt: number;
  issuedAt: number;
  expiresAt: number;
  committedDigest: string | null;
  checkRun: string | null;
  checkDigest: string | null;
  repeatRun: string | null;
  repeatDigest: string | null;
}

/** Columns of `reproductions` by the names above. */
export const reproductionColumns = {
  id: "id",
  run: "run",
  build: "build",
  suite: "suite",
  vendor: "vendor",
  seed: "seed",
  state: "state",
  stateAt: "state_at",
  issuedAt: "issued_at",
  expiresAt: "expires_at",
  committedDigest: "committed_digest",
  checkRun: "check_run",
  checkDigest: "check_digest",
  repeatRun: "repeat_run",
  repeatDigest: "repeat_digest",
} as const satisfies Record<keyof ReproductionRow, string>;

const selected = Object.entries(reproductionColumns)
  .map(([name, column]) => `${column} AS ${name}`)
  .join(", ");

export function reproductionRow(env: Pick<Env, "DB">, id: string): Promise<ReproductionRow | null> {
  return env.DB.prepare(`SELECT ${selected} FROM reproductions WHERE id = ?`).bind(id).first<ReproductionRow>();
}

/** As everybody may see it: the seed only once its party has committed. */
export function reproductionView(row: ReproductionRow): ReproductionView {
  const { id, run, build, suite, vendor, state, committedDigest, checkRun, checkDigest, repeatRun, repeatDigest } = row;
  return {
    id,
    run,
    build,
    suite,
    vendor,
    state,
    at: iso(row.stateAt),
    issuedAt: iso(row.issuedAt),
    expiresAt: iso(row.expiresAt),
    seed: committedDigest === null ? null : row.seed,
    committedDigest,
    checkRun,
    checkDigest,
    repeatRun,
    repeatDigest,
  };
}

export async function readReproduction(env: Pick<Env, "DB">, id: string): Promise<ReproductionView | null> {
  const row = await reproductionRow(env, id);
  return row && reproductionView(row);
}
