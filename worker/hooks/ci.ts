import { and, eq } from "drizzle-orm";
import type { BuildParts } from "../../conformance/runner/index.ts";
import type { CiMessage } from "../api/schemas/ci-message.ts";
import { database } from "../db/client.ts";
import { deliveries, hookSecrets, hooks } from "../db/schema.ts";
import type { Env } from "../env.ts";
import { fromBase64, sha256Hex } from "../identity/encoding.ts";
import { open } from "../identity/seal.ts";
import { checkSize } from "../intake/multipart.ts";
import { PART_SIZE_MAX_BYTES } from "../limits.ts";
import { addressRefusal, fetchPublic, OutboundError } from "../outbound.ts";
import { ProblemError } from "../problems.ts";
import { readSignedHeaders, verify } from "./signature.ts";

export interface VerifiedMessage {
  vendor: string;
  hook: string;
  /** `webhook-id`; it counts once. */
  message: string;
  /** Hosts that its parts may be fetched from. */
  hosts: readonly string[];
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
  return { vendor: row.vendor, hook, message: signed.id, hosts: JSON.parse(row.hosts) as string[] };
}

/**
 * The parts of a message, inline or fetched, each held against its digest; and how much had to be fetched.
 * @throws ProblemError malformed-request, too-large, digest-mismatch, host-not-allowed, fetch-failed
 */
export async function messageParts(
  { data }: CiMessage,
  hosts: readonly string[],
): Promise<{ parts: BuildParts; fetchedBytes: number }> {
  const parts: BuildParts = { manifest: null };
  let fetchedBytes = 0;
  for (const name of ["manifest", "guest", "host", "rom"] as const) {
    const part = data[name];
    if (!part) continue;
    const pointer = `/data/${name}`;
    const bytes = "url" in part ? await fetchPart(part.url, name, hosts) : inlinePart(part.base64, pointer);
    checkSize(name, bytes.length);
    if ("url" in part) fetchedBytes += bytes.length;
    const digest = `sha256:${await sha256Hex(bytes)}`;
    if (digest !== part.digest) {
      const detail = `${pointer}: the bytes have digest ${digest}, the message says ${part.digest}.`;
      throw new ProblemError("digest-mismatch", detail, { errors: [{ pointer: `${pointer}/digest`, detail }] });
    }
    parts[name] = bytes;
  }
  return { parts, fetchedBytes };
}

function inlinePart(base64: string, pointer: string): Uint8Array<ArrayBuffer> {
  const bytes = fromBase64(base64);
  if (!bytes)
    throw new ProblemError("malformed-request", `${pointer}/base64 is not padded base64 without white space.`);
  return bytes;
}

/** Only from a host that the vendor allowed for this hook, so that a leaked signing secret reaches nowhere new. */
async function fetchPart(
  address: string,
  name: keyof typeof PART_SIZE_MAX_BYTES,
  hosts: readonly string[],
): Promise<Uint8Array<ArrayBuffer>> {
  const detail = `/data/${name}/url`;
  const refusal = addressRefusal(address);
  if (refusal) throw new ProblemError("host-not-allowed", `${detail} is not fetched: ${refusal}.`);
  const { hostname } = new URL(address);
  if (!hosts.includes(hostname)) {
    throw new ProblemError("host-not-allowed", `${detail}: host "${hostname}" is not on the list of this hook.`);
  }
  try {
    return await fetchPublic(address, fetch, PART_SIZE_MAX_BYTES[name]);
  } catch (error) {
    if (error instanceof OutboundError) throw new ProblemError("fetch-failed", `${detail}: ${error.message}`);
    throw error;
  }
}
