import { database } from "../db/client.ts";
import { events, hookSecrets, hooks } from "../db/schema.ts";
import type { Env } from "../env.ts";
import { keyBytes, newSecret } from "../hooks/signature.ts";
import { seal } from "../identity/seal.ts";
import { randomBase62 } from "../identity/token.ts";

export interface NewHook {
  id: string;
  kind: "ci" | "github";
  /** `whsec_…`, shown this once. */
  secret: string;
}

/** A way in for the vendor's CI: an address and the secret that signs what is sent there. */
export async function createHook(
  env: Env,
  vendor: string,
  input: { kind: "ci"; hosts?: string[] | undefined } | { kind: "github"; repositoryId: string },
  at: number,
): Promise<NewHook> {
  const { kind } = input;
  const hosts = JSON.stringify((input.kind === "ci" && input.hosts) || []);
  const repositoryId = input.kind === "github" ? input.repositoryId : null;
  const id = randomBase62(20);
  const secretId = randomBase62(12);
  const secret = newSecret();
  const sealed = await seal(env.SECRETS_KEY, secretId, keyBytes(kind, secret));
  const db = database(env);
  await db.batch([
    db.insert(hooks).values({ id, vendor, kind, createdAt: at, hosts, repositoryId }),
    db.insert(hookSecrets).values({ id: secretId, hook: id, sealed, createdAt: at }),
    db
      .insert(events)
      .values({ at, actor: `vendor:${vendor}`, type: "hook.created", subject: `hook:${id}`, after: kind }),
  ]);
  return { id, kind, secret: secret.text };
}
