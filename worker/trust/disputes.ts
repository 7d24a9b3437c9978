import { sql } from "drizzle-orm";
import { iso } from "../clock.ts";
import { database, statement } from "../db/client.ts";
import type { Env } from "../env.ts";
import { ProblemError } from "../problems.ts";
import { type PageOf, type PageRequest, pageOf } from "../registry/paging.ts";
import type { DisputeView } from "../registry/views.ts";

export type DisputeRow = Omit<DisputeView, "openedAt" | "at"> & { openedAt: number; stateAt: number };

export const disputeColumns = {
  id: "id",
  run: "run",
  build: "build",
  suite: "suite",
  reproduction: "reproduction",
  claimant: "claimant",
  claim: "claim",
  openedAt: "opened_at",
  state: "state",
  stateAt: "state_at",
  reason: "reason",
} as const satisfies Record<keyof DisputeRow, string>;

const selected = sql.raw(
  Object.entries(disputeColumns)
    .map(([name, column]) => `${column} AS ${name}`)
    .join(", "),
);

export function disputeView({ openedAt, stateAt, ...row }: DisputeRow): DisputeView {
  return { ...row, openedAt: iso(openedAt), at: iso(stateAt) };
}

/** Newest first, by the index of `opened_at`. */
export function disputesQuery({ limit, after }: PageRequest) {
  const beyond = after ? sql`(opened_at, id) < (${after[0]}, ${after[1]})` : sql`1`;
  return sql`SELECT ${selected} FROM disputes WHERE ${beyond} ORDER BY opened_at DESC, id DESC LIMIT ${limit + 1}`;
}

export async function listDisputes(env: Pick<Env, "DB">, page: PageRequest): Promise<PageOf<DisputeView>> {
  const rows = await database(env).all<DisputeRow>(disputesQuery(page));
  return pageOf(rows, page, { key: (row) => [row.openedAt, row.id], view: disputeView });
}

export async function readDispute(env: Pick<Env, "DB">, id: string): Promise<DisputeView | null> {
  const [row] = await database(env).all<DisputeRow>(sql`SELECT ${selected} FROM disputes WHERE id = ${id}`);
  return row ? disputeView(row) : null;
}

/** The mediator's decision about a dispute; the result itself stays as it is. @throws ProblemError not-found, conflict */
export async function closeDispute(
  env: Env,
  id: string,
  { outcome, reason }: { outcome: "upheld" | "dismissed"; reason: string },
  at: number,
): Promise<DisputeView> {
  const { meta } = await statement(
    env,
    sql`UPDATE disputes SET state = ${outcome}, state_at = ${at}, state_actor = 'mediator', reason = ${reason}
      WHERE id = ${id} AND state = 'open'`,
  ).run();
  const dispute = await readDispute(env, id);
  if (!dispute) throw new ProblemError("not-found", `Dispute ${id} is not in this registry.`);
  if (meta.changes === 0) throw new ProblemError("conflict", `Dispute ${id} is ${dispute.state} already.`);
  return dispute;
}
