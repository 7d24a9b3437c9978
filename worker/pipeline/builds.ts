import { eq } from "drizzle-orm";
import { type Build, inspectBuild } from "../../conformance/runner/index.ts";
import { getBlob } from "../db/blobs.ts";
import { database } from "../db/client.ts";
import { builds } from "../db/schema.ts";
import type { Env } from "../env.ts";
import { theSuite, theVm } from "./engine.ts";

/** A stored build that is not there or not acceptable any more: the run cannot go on. */
export class BuildLostError extends Error {
  override readonly name = "BuildLostError";
}

/** The last build that this isolate loaded: shards of one run come together. */
let last: { key: string; build: Build } | undefined;

/**
 * Reads a build back from R2 and inspects it again: nothing that was stored is trusted.
 * @throws BuildLostError
 */
export async function loadBuild(env: Env, digest: string): Promise<Build> {
  const suite = await theSuite();
  const key = `${suite.digest} ${digest}`;
  if (last?.key === key) return last.build;
  const [row] = await database(env).select().from(builds).where(eq(builds.digest, digest));
  if (!row) throw new BuildLostError(`Build ${digest} is not in the registry.`);
  const [manifest, guest, host, rom] = await Promise.all(
    [row.manifestDigest, row.guestDigest, row.hostDigest, row.romDigest].map(
      (part) => part && readPart(env, digest, part),
    ),
  );
  const inspection = await inspectBuild(await theVm(), suite, {
    manifest: manifest || null,
    guest: guest || undefined,
    host: host || undefined,
    rom: rom || undefined,
  });
  if (!inspection.ok) {
    throw new BuildLostError(`Build ${digest} is refused by suite ${suite.digest}: ${inspection.problems[0]?.detail}`);
  }
  last = { key, build: inspection.build };
  return inspection.build;
}

async function readPart(env: Env, build: string, part: string): Promise<Uint8Array> {
  const bytes = await getBlob(env, part);
  if (!bytes) throw new BuildLostError(`Part ${part} of build ${build} is not in the store.`);
  return bytes;
}
