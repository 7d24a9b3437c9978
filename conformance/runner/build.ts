/** What names a build: the digest of its parts, whatever way they came in. */
import { canonicalBytes } from "./canonical.ts";
import { digestOf } from "./digest.ts";
import type { Build, BuildParts, Digest } from "./types.ts";

const FORMAT = 1;

/** Digest of the canonical JSON of {format, manifest, guest, host, rom: each a digest or null}. */
export async function buildDigest(digests: Build["digests"]): Promise<Digest> {
  const { manifest, guest, host, rom } = digests;
  return digestOf(canonicalBytes({ format: FORMAT, manifest, guest, host, rom }));
}

/** Digests of the parts as they were sent: the manifest's is of its bytes, not of its meaning. */
export async function partDigests(parts: BuildParts & { manifest: Uint8Array }): Promise<Build["digests"]> {
  const of = async (bytes: Uint8Array | undefined) => (bytes ? digestOf(bytes) : null);
  return {
    manifest: await digestOf(parts.manifest),
    guest: await of(parts.guest),
    host: await of(parts.host),
    rom: await of(parts.rom),
  };
}
