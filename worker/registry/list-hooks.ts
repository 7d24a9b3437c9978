import { desc, eq } from "drizzle-orm";
import { iso } from "../clock.ts";
import { database } from "../db/client.ts";
import { hookSecrets, hooks } from "../db/schema.ts";
import type { Env } from "../env.ts";

export interface HookView {
  id: string;
  kind: "ci" | "github";
  url: string;
  /** CI hooks: hosts that messages may name parts on. */
  hosts: string[];
  /** GitHub hooks: the repository that artefacts are pulled from. */
  repositoryId: string | null;
  createdAt: string;
  revokedAt: string | null;
  /** Each secret that was made, newest first, never its value; `validUntil` is null for the present one. */
  secrets: { createdAt: string; validUntil: string | null }[];
}

/** Every hook the vendor ever had, newest first. */
export async function listHooks(env: Env, vendor: string, origin: string): Promise<HookView[]> {
  const db = database(env);
  const [rows, secrets] = await db.batch([
    db.select().from(hooks).where(eq(hooks.vendor, vendor)).orderBy(desc(hooks.createdAt), desc(hooks.id)),
    db
      .select({ hook: hookSecrets.hook, createdAt: hookSecrets.createdAt, notAfter: hookSecrets.notAfter })
      .from(hookSecrets)
      .innerJoin(hooks, eq(hooks.id, hookSecrets.hook))
      .where(eq(hooks.vendor, vendor))
      .orderBy(desc(hookSecrets.createdAt)),
  ]);
  const time = (at: number | null) => (at === null ? null : iso(at));
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind as HookView["kind"],
    url: `${origin}/hooks/${row.kind}/${row.id}`,
    hosts: JSON.parse(row.hosts) as string[],
    repositoryId: row.repositoryId,
    createdAt: iso(row.createdAt),
    revokedAt: time(row.revokedAt),
    secrets: secrets
      .filter(({ hook }) => hook === row.id)
      .map(({ createdAt, notAfter }) => ({ createdAt: iso(createdAt), validUntil: time(notAfter) })),
  }));
}
