// R2 by content:  blobs/sha256/HEX  (manifests, halves, ROMs, reports)   shards/RUN/N.json  (results of shards, until published)
import type { Env } from "../env.ts";

type Store = Pick<Env, "BLOBS">;

export function blobKey(digest: string): string {
  return `blobs/${digest.replace(":", "/")}`;
}

/** Stores bytes under their digest. R2 checks the digest; bytes that exist are left alone. */
export async function putBlob(env: Store, digest: string, bytes: Uint8Array): Promise<void> {
  const sha256 = digest.slice("sha256:".length);
  await env.BLOBS.put(blobKey(digest), bytes, { sha256, onlyIf: { etagDoesNotMatch: "*" } });
}

export async function getBlob(env: Store, digest: string): Promise<Uint8Array<ArrayBuffer> | null> {
  const object = await env.BLOBS.get(blobKey(digest));
  return object ? new Uint8Array(await object.arrayBuffer()) : null;
}

export function shardKey(run: string, shard: number): string {
  return `shards/${run}/${shard}.json`;
}
