/**
 * Bytes of suite.bin. All numbers little-endian; every piece starts at a multiple of 8, gaps are zero.
 *
 *    0  8  magic "PARLEY\0\x01" (the last byte is the format's version)
 *    8  4  length of the index in bytes
 *   12  4  number of blobs
 *   16  …  index: canonical JSON (SuiteIndex); its `blobs` gives digest and size of each blob, in order
 *    …  …  blobs, one after the other, the end of the last is the end of the file
 */
import { canonicalBytes } from "./canonical.ts";
import { RunnerError } from "./errors.ts";
import type { Digest, Suite } from "./types.ts";

export interface SuiteIndex extends Omit<Suite, "digest" | "blob"> {
  blobs: { digest: Digest; size_bytes: number }[];
}

const magic = new Uint8Array([0x50, 0x41, 0x52, 0x4c, 0x45, 0x59, 0x00, 0x01]);
const HEADER_BYTES = 16;
const align = (size: number): number => (size + 7) & ~7;

/** @param blobs in the order of index.blobs */
export function encodeSuite(index: SuiteIndex, blobs: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const head = canonicalBytes(index);
  const size = blobs.reduce(
    (end, blob, at) => (at === blobs.length - 1 ? end + blob.length : end + align(blob.length)),
    HEADER_BYTES + align(head.length),
  );
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  bytes.set(magic, 0);
  view.setUint32(8, head.length, true);
  view.setUint32(12, blobs.length, true);
  bytes.set(head, HEADER_BYTES);
  let at = HEADER_BYTES + align(head.length);
  for (const blob of blobs) {
    bytes.set(blob, at);
    at += align(blob.length);
  }
  return bytes;
}

/** @throws RunnerError "suite-damaged" naming what does not fit */
export function decodeSuite(bytes: Uint8Array): { index: SuiteIndex; blobs: Uint8Array[] } {
  if (bytes.length < HEADER_BYTES || !magic.every((byte, at) => bytes[at] === byte))
    throw damaged("it does not begin with the magic of format 1");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const indexLength = view.getUint32(8, true);
  const blobCount = view.getUint32(12, true);
  if (HEADER_BYTES + indexLength > bytes.length) throw damaged(`its index of ${indexLength} bytes is cut off`);
  const index = JSON.parse(
    new TextDecoder().decode(bytes.subarray(HEADER_BYTES, HEADER_BYTES + indexLength)),
  ) as SuiteIndex;
  if (index.blobs.length !== blobCount)
    throw damaged(`the header counts ${blobCount} blobs, the index ${index.blobs.length}`);
  let at = HEADER_BYTES + align(indexLength);
  const blobs = index.blobs.map(({ digest, size_bytes }) => {
    if (at + size_bytes > bytes.length) throw damaged(`blob ${digest} is cut off`);
    const blob = bytes.subarray(at, at + size_bytes);
    at += align(size_bytes);
    return blob;
  });
  return { index, blobs };
}

export function damaged(why: string): RunnerError {
  return new RunnerError("suite-damaged", `The suite file cannot be used: ${why}. Build it again with npm run build.`);
}
