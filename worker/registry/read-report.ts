import { eq } from "drizzle-orm";
import { getBlob } from "../db/blobs.ts";
import { database } from "../db/client.ts";
import { runs } from "../db/schema.ts";
import type { Env } from "../env.ts";

/** The canonical JSON of a published report, by its digest. Other blobs are not given out by this name. */
export async function readReport(
  env: Pick<Env, "DB" | "BLOBS">,
  digest: string,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const [row] = await database(env).select({ id: runs.id }).from(runs).where(eq(runs.reportDigest, digest)).limit(1);
  return row ? getBlob(env, digest) : null;
}
