import { and, desc, eq, sql } from "drizzle-orm";
import { iso } from "../clock.ts";
import { database, statement } from "../db/client.ts";
import { events, publishers } from "../db/schema.ts";
import type { Env } from "../env.ts";
import { randomBase62 } from "../identity/token.ts";
import { ProblemError } from "../problems.ts";

export interface NewPublisher {
  backend: string;
  ownerId: string;
  repositoryId: string;
  repository: string;
  workflow: string;
  environment: string | null;
}

export interface PublisherView extends NewPublisher {
  id: string;
  createdAt: string;
  revokedAt: string | null;
}

/** Registers a GitHub workflow as one that may submit a backend of the vendor. */
export async function createPublisher(
  env: Env,
  vendor: string,
  input: NewPublisher,
  at: number,
): Promise<{ publisher: PublisherView }> {
  const row = { id: randomBase62(12), vendor, ...input, createdAt: at, revokedAt: null };
  const db = database(env);
  await db.batch([
    db.insert(publishers).values(row),
    db.insert(events).values({
      at,
      actor: `vendor:${vendor}`,
      type: "publisher.created",
      subject: `publisher:${row.id}`,
      after: `${input.repository}#${input.repositoryId}`,
      detail: `${vendor}/${input.backend}`,
    }),
  ]);
  return { publisher: view(row) };
}

export async function listPublishers(env: Env, vendor: string): Promise<PublisherView[]> {
  const rows = await database(env)
    .select()
    .from(publishers)
    .where(eq(publishers.vendor, vendor))
    .orderBy(desc(publishers.createdAt), desc(publishers.id));
  return rows.map(view);
}

/** Ends a publisher and every token that was minted for it, at once. @throws ProblemError not-found */
export async function revokePublisher(
  env: Env,
  vendor: string,
  id: string,
  at: number,
): Promise<{ publisher: PublisherView }> {
  const own = sql`id = ${id} AND vendor = ${vendor} AND revoked_at IS NULL`;
  await env.DB.batch([
    statement(
      env,
      sql`INSERT INTO events (at, actor, type, subject, detail)
          SELECT ${at}, 'vendor:' || vendor, 'publisher.revoked', 'publisher:' || id, vendor || '/' || backend
          FROM publishers WHERE ${own}`,
    ),
    statement(
      env,
      sql`INSERT INTO events (at, actor, type, subject, before, after, detail)
          SELECT ${at}, 'vendor:' || vendor, 'token.revoked', 'token:' || id, scopes, '', vendor FROM tokens
          WHERE vendor = ${vendor} AND publisher = ${id} AND revoked_at IS NULL`,
    ),
    statement(
      env,
      sql`UPDATE tokens SET revoked_at = ${at} WHERE vendor = ${vendor} AND publisher = ${id} AND revoked_at IS NULL`,
    ),
    statement(env, sql`UPDATE publishers SET revoked_at = ${at} WHERE ${own}`),
  ]);
  const [row] = await database(env)
    .select()
    .from(publishers)
    .where(and(eq(publishers.id, id), eq(publishers.vendor, vendor)));
  if (!row) throw new ProblemError("not-found", `Vendor "${vendor}" has no publisher with that id.`);
  return { publisher: view(row) };
}

function view({ vendor: _, ...row }: typeof publishers.$inferSelect): PublisherView {
  return { ...row, createdAt: iso(row.createdAt), revokedAt: row.revokedAt === null ? null : iso(row.revokedAt) };
}
