// Webhook secrets at rest:  base64( nonce 12 bytes │ AES-256-GCM ciphertext │ tag 16 bytes ), bound to the id of its row.
import { fromBase64, toBase64 } from "./encoding.ts";

const NONCE_BYTES = 12;

/** @param secretsKey SECRETS_KEY, base64 of 32 bytes @param row id that the secret belongs to; it opens for no other */
export async function seal(secretsKey: string, row: string, secret: Uint8Array<ArrayBuffer>): Promise<string> {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const key = await importKey(secretsKey);
  const body = new Uint8Array(await crypto.subtle.encrypt(parameters(nonce, row), key, secret));
  const sealed = new Uint8Array(NONCE_BYTES + body.length);
  sealed.set(nonce);
  sealed.set(body, NONCE_BYTES);
  return toBase64(sealed);
}

/** @throws SealError if the key is another one or the text was changed or moved to another row */
export async function open(secretsKey: string, row: string, sealed: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = fromBase64(sealed);
  const key = await importKey(secretsKey);
  try {
    if (!bytes) throw new Error("not base64");
    const nonce = bytes.subarray(0, NONCE_BYTES);
    return new Uint8Array(await crypto.subtle.decrypt(parameters(nonce, row), key, bytes.subarray(NONCE_BYTES)));
  } catch {
    throw new SealError(
      `Secret ${row} does not open: SECRETS_KEY is not the key it was sealed with. Restore that key, or make a new hook.`,
    );
  }
}

/** SECRETS_KEY is missing or wrong: an operator's error, never a caller's. */
export class SealError extends Error {
  override readonly name = "SealError";
}

function parameters(nonce: Uint8Array<ArrayBuffer>, row: string): AesGcmParams {
  return { name: "AES-GCM", iv: nonce, additionalData: new TextEncoder().encode(row) };
}

async function importKey(secretsKey: string): Promise<CryptoKey> {
  const raw = fromBase64(secretsKey ?? "");
  if (raw?.length !== 32) {
    throw new SealError("SECRETS_KEY is not base64 of 32 bytes. Set it with `wrangler secret put SECRETS_KEY`.");
  }
  return crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
}
