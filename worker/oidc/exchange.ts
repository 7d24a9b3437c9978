import { and, eq, isNull, lte } from "drizzle-orm";
import { iso } from "../clock.ts";
import { database, isDuplicate } from "../db/client.ts";
import { events, oidcUses, publishers, tokens, vendorKeys, vendors } from "../db/schema.ts";
import type { Env } from "../env.ts";
import { hashOf, newToken, randomBase62 } from "../identity/token.ts";
import { OIDC_LEEWAY_S, OIDC_MINTED_MS } from "../limits.ts";
import { ProblemError } from "../problems.ts";
import { isValid } from "../registry/keys.ts";
import { verifyVendor } from "../registry/verify-vendor.ts";
import { type Claims, verifyToken } from "./verify.ts";

type Publisher = typeof publishers.$inferSelect;

export interface Minted {
  token: { id: string; value: string; scopes: ["submit"]; expiresAt: string };
  vendor: string;
  backend: string;
}

/**
 * A short-lived token for one backend, against a GitHub Actions OIDC token of its registered workflow.
 * @param at ms since 1970 @throws ProblemError oidc-refused, publisher-unknown, unavailable
 */
export async function exchange(
  env: Env,
  input: { token: string; vendor: string; backend: string },
  at: number,
): Promise<Minted> {
  const claims = await verifyToken(env, input.token, at);
  const publisher = await publisherOf(env, input, claims);
  const minted = await mint(env, publisher, claims, at);
  await proveRepository(env, publisher, at);
  return minted;
}

async function publisherOf(
  env: Env,
  { vendor, backend }: { vendor: string; backend: string },
  claims: Claims,
): Promise<Publisher> {
  const rows = await database(env)
    .select()
    .from(publishers)
    .where(and(eq(publishers.vendor, vendor), eq(publishers.backend, backend), isNull(publishers.revokedAt)));
  const fitting = rows.find((row) => fits(row, claims));
  if (fitting) return fitting;
  throw new ProblemError(
    "publisher-unknown",
    `No publisher of ${vendor}/${backend} is ${claims.repository} (id ${claims.repository_id}), workflow ${claims.job_workflow_ref}.`,
  );
}

/** Ids first: a name may be taken over by somebody else, its id never. */
function fits(row: Publisher, claims: Claims): boolean {
  const same = (a: string, b: string | null) => a.toLowerCase() === b?.toLowerCase();
  if (row.ownerId !== claims.repository_owner_id || row.repositoryId !== claims.repository_id) return false;
  if (!same(row.repository, claims.repository)) return false;
  const at = claims.job_workflow_ref.indexOf("@");
  const file = `/.github/workflows/${row.workflow}`;
  const path = claims.job_workflow_ref.slice(0, at);
  if (at < 0 || !path.endsWith(file) || !same(path.slice(0, -file.length), row.repository)) return false;
  if (![claims.ref, claims.sha].includes(claims.job_workflow_ref.slice(at + 1))) return false;
  return row.environment === null || same(row.environment, claims.environment);
}

/** The use of the `jti` and the token are one batch: of two exchanges at once, one fails whole. */
async function mint(
  env: Env,
  { id: publisher, vendor, backend }: Publisher,
  claims: Claims,
  at: number,
): Promise<Minted> {
  const value = newToken();
  const id = randomBase62(12);
  const expiresAt = at + OIDC_MINTED_MS;
  // A runner of the vendor's own attests to nothing.
  const provenance = claims.runner_environment === "github-hosted" ? "ci-attested" : "token";
  const { repository, run_id, run_attempt, sha, job_workflow_ref, actor_id, event_name, runner_environment } = claims;
  const ran = { repository, run_id, run_attempt, sha, job_workflow_ref, actor_id, event_name, runner_environment };
  const detail = { ...ran, unchecked: claims.unchecked };
  const db = database(env);
  try {
    await db.batch([
      db.delete(oidcUses).where(lte(oidcUses.expiresAt, at)),
      db.insert(oidcUses).values({ jti: claims.jti, expiresAt: (claims.exp + OIDC_LEEWAY_S + 5) * 1000 }),
      db.insert(tokens).values({
        id,
        vendor,
        hash: await hashOf(value),
        scopes: "submit",
        createdAt: at,
        expiresAt,
        backend,
        publisher,
        provenance,
      }),
      db.insert(events).values({
        at,
        actor: `publisher:${publisher}`,
        type: "token.minted",
        subject: `token:${id}`,
        after: "submit",
        detail: JSON.stringify(detail),
      }),
    ]);
  } catch (error) {
    if (isDuplicate(error))
      throw new ProblemError("oidc-refused", "It was exchanged before; each is good for one exchange.");
    throw error;
  }
  return { token: { id, value, scopes: ["submit"], expiresAt: iso(expiresAt) }, vendor, backend };
}

/**
 * A token of the repository's own workflow proves the repository of a vendor that has proved nothing yet, or whose keys have all
 * ended, so that it may add one (worker/registry/keys.ts).
 */
async function proveRepository(env: Env, { id, vendor, repository }: Publisher, at: number): Promise<void> {
  const db = database(env);
  const [[row], keys] = await db.batch([
    db.select({ verifiedAt: vendors.verifiedAt }).from(vendors).where(eq(vendors.slug, vendor)),
    db.select().from(vendorKeys).where(eq(vendorKeys.vendor, vendor)),
  ]);
  const isNeeded = row?.verifiedAt === null || (keys.length > 0 && !keys.some((key) => isValid(key, at)));
  if (isNeeded) await verifyVendor(env, vendor, `repository:${repository}`, `publisher:${id}`, at);
}
