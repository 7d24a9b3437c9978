// Every way in ends here: inspect → store bytes → record in one batch → cut into shards. Nothing is kept of a build that is refused.
import { type Build, type BuildParts, inspectBuild, type Suite } from "../../conformance/runner/index.ts";
import { putBlob } from "../db/blobs.ts";
import { database, isDuplicate, statement } from "../db/client.ts";
import { backends, builds, deliveries, runs, suites } from "../db/schema.ts";
import type { Env } from "../env.ts";
import { fromAddress, newRun, start } from "../pipeline/attempts.ts";
import { theSuite, theVm } from "../pipeline/engine.ts";
import { ProblemError } from "../problems.ts";
import type { RunState, Trust } from "../registry/views.ts";
import { type LatestRun, latestRun } from "./latest-run.ts";
import { refusal } from "./refusal.ts";

export interface Submission {
  parts: BuildParts;
  /** The vendor that the caller proved to be; the manifest must name it. */
  vendor: string;
  provenance: Trust["provenance"];
  /** Where it comes from, as quotas count it. */
  address: string;
  /** The one backend that the credential is good for. */
  backend?: string | null;
  /** The signed message that brought it: recorded with the build, and refused a second time. */
  delivery?: { hook: string; message: string };
}

export interface Accepted {
  build: { digest: string };
  run: { id: string; state: RunState };
  /** False if this build had a run of this suite before. */
  created: boolean;
}

/** @param at ms since 1970 @throws ProblemError invalid-build, too-large, forbidden, replayed */
export async function submit(env: Env, submission: Submission, at: number): Promise<Accepted> {
  const suite = await theSuite();
  const build = await inspect(submission);
  const before = await latestRun(env, build.digest, suite.digest);
  if (!before) await storeParts(env, submission.parts, build);
  const attempt = attemptAfter(before);
  const by = { actor: `vendor:${submission.vendor}`, cause: "submission" } as const;
  const row = await newRun({ build: build.digest, suite: suite.digest, attempt }, by, at);
  await record(env, submission, { build, suite, run: row }, at);
  const run = await latestRun(env, build.digest, suite.digest);
  if (!run) throw new Error(`Run ${row.id} of build ${build.digest} was recorded and is not there.`);
  const state = run.state === "received" ? await start(env, { id: run.id, build: build.digest }, at) : run.state;
  return { build: { digest: build.digest }, run: { id: run.id, state }, created: run.id !== before?.id };
}

async function inspect({ parts, vendor, backend }: Submission): Promise<Build> {
  const inspection = await inspectBuild(await theVm(), await theSuite(), parts);
  if (!inspection.ok) throw refusal(inspection.problems);
  const named = inspection.build.manifest.vendor;
  if (named !== vendor) {
    throw new ProblemError(
      "forbidden",
      `The manifest names vendor "${named}"; this credential acts for "${vendor}" alone.`,
    );
  }
  if (backend && inspection.build.manifest.backend !== backend) {
    throw new ProblemError("forbidden", `This credential submits backend "${backend}" alone.`);
  }
  return inspection.build;
}

async function storeParts(env: Env, parts: BuildParts, { digests }: Build): Promise<void> {
  const named = (["manifest", "guest", "host", "rom"] as const).map((part) => [digests[part], parts[part]] as const);
  await Promise.all(named.map(([digest, bytes]) => (digest && bytes ? putBlob(env, digest, bytes) : undefined)));
}

/** A run that ended without a result is followed by another; every other one is the run of its build. */
function attemptAfter(before: LatestRun | null): number {
  if (!before) return 1;
  return before.state === "abandoned" || before.state === "cancelled" ? before.attempt + 1 : before.attempt;
}

/** All rows or none. What exists stays as it is; only a delivery that was there before fails the batch. */
async function record(
  env: Env,
  submission: Submission,
  { build, suite, run }: { build: Build; suite: Suite; run: typeof runs.$inferInsert },
  at: number,
): Promise<void> {
  const { vendor, delivery, address } = submission;
  const db = database(env);
  const statements = [
    db.insert(backends).values({ vendor, slug: build.manifest.backend, createdAt: at }).onConflictDoNothing(),
    db
      .insert(suites)
      .values({ digest: suite.digest, pvi: suite.pvi, judge: suite.judge, seenAt: at })
      .onConflictDoNothing(),
    db
      .insert(builds)
      .values(buildRow(submission, build, at))
      .onConflictDoNothing(),
    db.insert(runs).values(run).onConflictDoNothing(),
    fromAddress(run.id, address),
  ];
  const taken = delivery ? [db.insert(deliveries).values({ ...delivery, receivedAt: at })] : [];
  try {
    await env.DB.batch([...statements, ...taken].map((query) => statement(env, query)));
  } catch (error) {
    if (delivery && isDuplicate(error)) {
      throw new ProblemError("replayed", `Message ${delivery.message} of this hook was taken in before.`);
    }
    throw error;
  }
}

function buildRow({ parts, provenance }: Submission, { digest, digests, manifest }: Build, at: number) {
  return {
    digest,
    vendor: manifest.vendor,
    backend: manifest.backend,
    version: manifest.version,
    profile: manifest.profile,
    machine: manifest.machine,
    manifest: JSON.stringify(manifest),
    manifestDigest: digests.manifest,
    guestDigest: digests.guest,
    guestSizeBytes: parts.guest?.length ?? null,
    hostDigest: digests.host,
    hostSizeBytes: parts.host?.length ?? null,
    romDigest: digests.rom,
    romSizeBytes: parts.rom?.length ?? null,
    provenance,
    createdAt: at,
  };
}
