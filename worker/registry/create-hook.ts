import { database } from "../db/client.ts";
import { events, hookSecrets, hooks } from "../db/schema.ts";
import type { Env } from "../env.ts";
import { newSecret } from "../hooks/signature.ts";
import { seal } from "../identity/seal.ts";
import { randomBase62 } from "../identity/token.ts";

export interface NewHook {
  id: string;
  kind: "ci";
  /** `whsec_…`, shown this once. */
  secret: string;
}

/** A way in for the vendor's CI: an address and the secret that signs what is sent there. */
export async function createHook(
  env: Env,
  vendor: string,
  { kind, hosts }: { kind: "ci"; hosts: string[] },
  at: number,
): Promise<NewHook> {
  const id = randomBase62(20);
  const secretId = randomBase62(12);
  const secret = newSecret();
  const sealed = await seal(env.SECRETS_KEY, secretId, secret.bytes);
  const db = database(env);
  await db.batch([
    db.insert(hooks).values({ id, vendor, kind, createdAt: at, hosts: JSON.stringify(hosts) }),
    db.insert(hookSecrets).values({ id: secretId, hook: id, sealed, createdAt: at }),
    db
      .insert(events)
      .values({ at, actor: `vendor:${vendor}`, type: "hook.created", subject: `hook:${id}`, after: kind }),
  ]);
  return { id, kind, secret: secret.text };
}
