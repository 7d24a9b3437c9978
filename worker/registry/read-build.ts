import { desc, eq, getTableColumns } from "drizzle-orm";
import type { Manifest } from "../../conformance/runner/types.ts";
import { iso } from "../clock.ts";
import { database } from "../db/client.ts";
import { builds, runs, suites, vendors } from "../db/schema.ts";
import type { Env } from "../env.ts";
import type { BlobRef, BuildView, Profile, RunState, Trust } from "./views.ts";

/** A build by its digest, with its runs, newest first. */
export async function readBuild(env: Pick<Env, "DB">, digest: string): Promise<BuildView | null> {
  const db = database(env);
  const [[row], runRows] = await db.batch([
    db
      .select({ ...getTableColumns(builds), verifiedAt: vendors.verifiedAt })
      .from(builds)
      .innerJoin(vendors, eq(vendors.slug, builds.vendor))
      .where(eq(builds.digest, digest)),
    db
      .select({ ...getTableColumns(runs), pvi: suites.pvi })
      .from(runs)
      .innerJoin(suites, eq(suites.digest, runs.suite))
      .where(eq(runs.build, digest))
      .orderBy(desc(runs.createdAt), desc(runs.attempt)),
  ]);
  if (!row) return null;
  const manifest = JSON.parse(row.manifest) as Manifest;
  return {
    digest: row.digest,
    vendor: row.vendor,
    unverified: row.verifiedAt === null,
    backend: row.backend,
    version: row.version,
    profile: row.profile as Profile,
    machine: manifest.machine,
    abi: manifest.abi,
    submittedAt: iso(row.createdAt),
    provenance: row.provenance as Trust["provenance"],
    manifest,
    guest: blob(row.guestDigest, row.guestSizeBytes),
    host: blob(row.hostDigest, row.hostSizeBytes),
    rom: blob(row.romDigest, row.romSizeBytes),
    runs: runRows.map((run) => ({
      id: run.id,
      state: run.state as RunState,
      at: iso(run.stateAt),
      suite: { digest: run.suite, pvi: run.pvi },
      attempt: run.attempt,
      conforms: run.conforms,
      score: run.held === null || run.of === null ? null : { held: run.held, of: run.of },
    })),
  };
}

function blob(digest: string | null, sizeBytes: number | null): BlobRef | null {
  return digest === null || sizeBytes === null ? null : { digest, sizeBytes };
}
