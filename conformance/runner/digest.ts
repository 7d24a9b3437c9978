/** SHA-256 through WebCrypto, which Worker, Node and browser all have. */
import type { Digest } from "./types.ts";

const prefix = "sha256:";
const pattern = /^sha256:[0-9a-f]{64}$/;

/** `sha256:` and lower-case hex of the bytes. */
export async function digestOf(bytes: Uint8Array): Promise<Digest> {
  const hash = await sha256(bytes);
  return prefix + Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  // A view over a SharedArrayBuffer is refused by WebCrypto, and none reaches us.
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
}

export function isDigest(text: string): boolean {
  return pattern.test(text);
}

/**
 * Seed of a unit or a boot: first 8 bytes, little-endian, of
 * sha256(suite ␀ build ␀ case ␀ pairing ␀ slice [␀ challenge]), each field as UTF-8 text.
 */
export async function seedOf(fields: readonly string[]): Promise<bigint> {
  const hash = await sha256(new TextEncoder().encode(fields.join("\0")));
  return new DataView(hash.buffer).getBigUint64(0, true);
}
