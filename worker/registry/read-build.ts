import { and, desc, eq, getTableColumns, type SQL, sql } from "drizzle-orm";
import type { Manifest } from "../../conformance/runner/types.ts";
import { iso } from "../clock.ts";
import { database } from "../db/client.ts";
import { builds, revocations, runs, suites, vendors } from "../db/schema.ts";
import type { Env } from "../env.ts";
import { standingOf } from "../trust/standing.ts";
import type { BlobRef, BuildView, Profile, RunCause, RunState, Standing, Trust } from "./views.ts";

const ofRun = standingOf("runs");

/** A build by its digest, with its runs, newest first. */
export async function readBuild(env: Pick<Env, "DB">, digest: string): Promise<BuildView | null> {
  const db = database(env);
  const [[row], runRows, [revoked]] = await db.batch([
    db
      .select({ ...getTableColumns(builds), verifiedAt: vendors.verifiedAt })
      .from(builds)
      .innerJoin(vendors, eq(vendors.slug, builds.vendor))
      .where(eq(builds.digest, digest)),
    db
      .select({
        ...getTableColumns(runs),
        pvi: suites.pvi,
        execution: sql.raw(ofRun.execution) as SQL<Trust["execution"]>,
        standing: sql.raw(ofRun.standing) as SQL<Standing>,
      })
      .from(runs)
      .innerJoin(suites, eq(suites.digest, runs.suite))
      .where(and(eq(runs.build, digest), eq(runs.challenge, "")))
      .orderBy(desc(runs.createdAt), desc(runs.attempt)),
    db.select().from(revocations).where(eq(revocations.build, digest)),
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
    revoked: revoked ? { ...revoked, at: iso(revoked.at) } : null,
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
      cause: run.cause as RunCause,
      repeats: run.repeats,
      conforms: run.conforms,
      score: run.held === null || run.of === null ? null : { held: run.held, of: run.of },
      execution: run.execution,
      standing: run.standing,
    })),
  };
}

function blob(digest: string | null, sizeBytes: number | null): BlobRef | null {
  return digest === null || sizeBytes === null ? null : { digest, sizeBytes };
}
