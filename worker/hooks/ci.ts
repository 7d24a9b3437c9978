import { and, eq } from "drizzle-orm";
import type { BuildParts } from "../../conformance/runner/index.ts";
import type { CiMessage } from "../api/schemas/ci-message.ts";
import { database } from "../db/client.ts";
import { deliveries, hookSecrets, hooks } from "../db/schema.ts";
import type { Env } from "../env.ts";
import { fromBase64, sha256Hex } from "../identity/encoding.ts";
import { open } from "../identity/seal.ts";
import { checkSize } from "../intake/multipart.ts";
import { ProblemError } from "../problems.ts";
import { readSignedHeaders, verify } from "./signature.ts";

export interface VerifiedMessage {
  vendor: string;
  hook: string;
  /** `webhook-id`; it counts once. */
  message: string;
}

/**
 * Verifies a signed message over its raw bytes, before anything is parsed. It is marked as taken in only together with its build.
 * @param at ms since 1970
 * @throws ProblemError not-found, malformed-request, signature-invalid, signature-stale, replayed
 */
export async function verifyMessage(
  env: Env,
  hook: string,
  headers: Headers,
  body: Uint8Array<ArrayBuffer>,
  at: number,
): Promise<VerifiedMessage> {
  const signed = readSignedHeaders(headers);
  const db = database(env);
  const [[row], secrets, taken] = await db.batch([
    db.select().from(hooks).where(eq(hooks.id, hook)),
    db.select().from(hookSecrets).where(eq(hookSecrets.hook, hook)),
    db
      .select({ message: deliveries.message })
      .from(deliveries)
      .where(and(eq(deliveries.hook, hook), eq(deliveries.message, signed.id))),
  ]);
  if (row?.kind !== "ci" || row.revokedAt !== null)
    throw new ProblemError("not-found", "There is no CI hook at this address.");
  const valid = secrets.filter(({ notAfter }) => notAfter === null || notAfter > at);
  const keys = await Promise.all(valid.map(({ id, sealed }) => open(env.SECRETS_KEY, id, sealed)));
  await verify(keys, signed, body, at);
  if (taken.length > 0) {
    throw new ProblemError("replayed", `Message ${signed.id} of this hook was taken in before.`);
  }
  return { vendor: row.vendor, hook, message: signed.id };
}

/** The parts of a message, each held against its digest. @throws ProblemError malformed-request, too-large, digest-mismatch */
export async function messageParts({ data }: CiMessage): Promise<BuildParts> {
  const parts: BuildParts = { manifest: null };
  for (const name of ["manifest", "guest", "host", "rom"] as const) {
    const part = data[name];
    if (!part) continue;
    const pointer = `/data/${name}`;
    const bytes = fromBase64(part.base64);
    if (!bytes)
      throw new ProblemError("malformed-request", `${pointer}/base64 is not padded base64 without white space.`);
    checkSize(name, bytes.length);
    const digest = `sha256:${await sha256Hex(bytes)}`;
    if (digest !== part.digest) {
      const detail = `${pointer}: the bytes have digest ${digest}, the message says ${part.digest}.`;
      throw new ProblemError("digest-mismatch", detail, { errors: [{ pointer: `${pointer}/digest`, detail }] });
    }
    parts[name] = bytes;
  }
  return parts;
}
