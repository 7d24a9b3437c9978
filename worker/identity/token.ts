// A bearer token, so that secret scanners find it and a typing error is refused without a look-up:
//
//   parley_ │ 32 characters of base62 (190 random bits) │ 6 characters of base62: CRC-32 of those 32, most significant first
import { sha256Hex } from "./encoding.ts";

const PREFIX = "parley_";
const RANDOM_CHARS = 32;
const CHECK_CHARS = 6;
const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const FORM = new RegExp(`^${PREFIX}[0-9A-Za-z]{${RANDOM_CHARS + CHECK_CHARS}}$`);

/** A new token; show it once and keep only `hashOf(token)`. */
export function newToken(): string {
  const body = randomBase62(RANDOM_CHARS);
  return PREFIX + body + checksum(body);
}

/** True if the text has the form and its checksum holds: worth a look-up. */
export function isToken(text: string): boolean {
  if (!FORM.test(text)) return false;
  const body = text.slice(PREFIX.length, PREFIX.length + RANDOM_CHARS);
  return text.endsWith(checksum(body));
}

/** What the registry stores of a token: SHA-256, hex. */
export function hashOf(token: string): Promise<string> {
  return sha256Hex(token);
}

/** `length` characters, each with equal chance: bytes from 248 up are drawn again, as 248 is 4 × 62. */
export function randomBase62(length: number): string {
  let text = "";
  while (text.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length))) {
      if (byte < 248 && text.length < length) text += BASE62[byte % 62];
    }
  }
  return text;
}

function checksum(body: string): string {
  let rest = crc32(new TextEncoder().encode(body));
  let text = "";
  for (let i = 0; i < CHECK_CHARS; i++) {
    text = BASE62[rest % 62] + text;
    rest = Math.floor(rest / 62);
  }
  return text;
}

/** CRC-32 of IEEE 802.3, reflected, as zip and PNG use it. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
