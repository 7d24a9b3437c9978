import { database, isDuplicate } from "../db/client.ts";
import { events, tokens, vendors } from "../db/schema.ts";
import type { Env } from "../env.ts";
import { hashOf, newToken, randomBase62 } from "../identity/token.ts";
import { ProblemError } from "../problems.ts";

export const SCOPES = ["submit", "positions", "manage"] as const;
export type Scope = (typeof SCOPES)[number];

export interface NewVendor {
  vendor: { slug: string; name: string };
  /** `value` is shown this once. */
  token: { id: string; value: string; scopes: Scope[] };
}

/** Names that stand for the project itself: the mediator alone registers them. */
export const RESERVED_VENDORS: readonly string[] = ["parley", "demo", "mediator", "registry"];

/** Registers a vendor with its first token; it is unverified until it proves who it is. @throws ProblemError conflict */
export async function createVendor(
  env: Env,
  input: { slug: string; name: string },
  actor: "mediator" | "anybody",
  at: number,
): Promise<NewVendor> {
  const db = database(env);
  const value = newToken();
  const id = randomBase62(12);
  const { slug, name } = input;
  const event = { at, actor, detail: null };
  try {
    await db.batch([
      db.insert(vendors).values({ slug, name, createdAt: at }),
      db
        .insert(tokens)
        .values({ id, vendor: slug, hash: await hashOf(value), scopes: SCOPES.join(" "), createdAt: at }),
      db.insert(events).values([
        { ...event, type: "vendor.registered", subject: `vendor:${slug}` },
        { ...event, type: "token.created", subject: `token:${id}`, after: SCOPES.join(" "), detail: slug },
      ]),
    ]);
  } catch (error) {
    if (isDuplicate(error)) throw new ProblemError("conflict", `Vendor "${slug}" is registered already.`);
    throw error;
  }
  return { vendor: { slug, name }, token: { id, value, scopes: [...SCOPES] } };
}
