// Standard Webhooks 1.0.0. Signed bytes:  webhook-id '.' webhook-timestamp '.' raw body
// webhook-signature:  one or more of  'v1,' base64(HMAC-SHA256) , separated by spaces; other versions are ignored.
import { fromBase64, toBase64 } from "../identity/encoding.ts";
import { WEBHOOK_TOLERANCE_S } from "../limits.ts";
import { ProblemError } from "../problems.ts";

const SECRET_PREFIX = "whsec_";
const SECRET_BYTES = 32;

/** The key of a secret: Standard Webhooks signs with the decoded bytes, GitHub with the text as it is. */
export function keyBytes(
  kind: string,
  secret: { bytes: Uint8Array<ArrayBuffer>; text: string },
): Uint8Array<ArrayBuffer> {
  return kind === "github" ? new TextEncoder().encode(secret.text) : secret.bytes;
}

export interface SignedHeaders {
  id: string;
  /** Unix seconds, as sent. */
  timestamp: string;
  signatures: string;
}

/** A new secret of 32 bytes, and its `whsec_…` text, which is shown once. */
export function newSecret(): { bytes: Uint8Array<ArrayBuffer>; text: string } {
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  return { bytes, text: SECRET_PREFIX + toBase64(bytes) };
}

/** @throws ProblemError malformed-request if a header is missing or out of form */
export function readSignedHeaders(headers: Headers): SignedHeaders {
  const id = headers.get("webhook-id") ?? "";
  const timestamp = headers.get("webhook-timestamp") ?? "";
  const signatures = headers.get("webhook-signature") ?? "";
  if (!/^[\x21-\x7e]{1,256}$/.test(id) || !/^\d{1,12}$/.test(timestamp) || signatures === "") {
    throw new ProblemError(
      "malformed-request",
      "A signed message has webhook-id (1–256 visible characters), webhook-timestamp (unix seconds) and webhook-signature.",
    );
  }
  return { id, timestamp, signatures };
}

/**
 * Verifies one message against every secret that is valid now; one matching signature is enough.
 * @param at ms since 1970
 * @throws ProblemError signature-invalid, then signature-stale: a wrong signature never learns whether its time was good
 */
export async function verify(
  secrets: readonly Uint8Array<ArrayBuffer>[],
  signed: SignedHeaders,
  body: Uint8Array<ArrayBuffer>,
  at: number,
): Promise<void> {
  const message = signedBytes(signed, body);
  let holds = false;
  for (const secret of secrets) {
    const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
    for (const signature of offered(signed.signatures)) {
      // `verify` compares in constant time.
      if (await crypto.subtle.verify("HMAC", key, signature, message)) holds = true;
    }
  }
  if (!holds) {
    throw new ProblemError(
      "signature-invalid",
      `No v1 signature of message ${signed.id} matches a secret of this hook.`,
    );
  }
  const ageSeconds = Math.floor(at / 1000) - Number(signed.timestamp);
  if (Math.abs(ageSeconds) > WEBHOOK_TOLERANCE_S) {
    const side = ageSeconds > 0 ? "old" : "ahead";
    throw new ProblemError(
      "signature-stale",
      `The signature is ${Math.abs(ageSeconds)} s ${side}; at most ${WEBHOOK_TOLERANCE_S} s are accepted.`,
    );
  }
}

function signedBytes(signed: SignedHeaders, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode(`${signed.id}.${signed.timestamp}.`);
  const message = new Uint8Array(head.length + body.length);
  message.set(head);
  message.set(body, head.length);
  return message;
}

/** At most eight are looked at, so that a long header costs nothing. */
function offered(signatures: string): Uint8Array<ArrayBuffer>[] {
  const found: Uint8Array<ArrayBuffer>[] = [];
  for (const entry of signatures.split(" ").slice(0, 8)) {
    const bytes = entry.startsWith("v1,") ? fromBase64(entry.slice(3)) : null;
    if (bytes) found.push(bytes);
  }
  return found;
}
