// The local Worker's two secrets: made once, kept in .dev.vars (never in git), read back at every start.
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../lib/toolchain.mjs";

/** @returns {Promise<{mediatorToken: string}>} the secrets of .dev.vars, which is written if it lacks one */
export async function ensureSecrets(path = join(root, ".dev.vars")) {
  const { newToken } = await import("../../worker/identity/token.ts");
  const kept = existsSync(path) ? parse(readFileSync(path, "utf8")) : {};
  const mediatorToken = kept.MEDIATOR_TOKEN ?? newToken();
  const secretsKey = kept.SECRETS_KEY ?? randomBytes(32).toString("base64");
  if (!kept.MEDIATOR_TOKEN || !kept.SECRETS_KEY) {
    const lines = Object.entries({ ...kept, MEDIATOR_TOKEN: mediatorToken, SECRETS_KEY: secretsKey });
    writeFileSync(path, lines.map(([name, value]) => `${name}=${value}\n`).join(""), { mode: 0o600 });
  }
  return { mediatorToken };
}

function parse(text) {
  const pairs = text.matchAll(/^([A-Z_]+)=(.*)$/gm);
  return Object.fromEntries(Array.from(pairs, ([, name, value]) => [name, value]));
}
