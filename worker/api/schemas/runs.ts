import { z } from "@hono/zod-openapi";
import type { BuildView, Matrix, RunView } from "../../registry/views.ts";
import {
  buildNames,
  Costs,
  Count,
  Digest,
  Execution,
  Machine,
  Profile,
  Provenance,
  RunId,
  RunRef,
  RunState,
  Slug,
  Standing,
  SuiteRef,
  Time,
  Trust,
  Verdict,
  Verdicts,
} from "./common.ts";
import { Dispute, Reproduction, Revocation, Seed } from "./trust.ts";

const Tally = z.object({ held: Count, failed: Count, error: Count, not_run: Count, of: Count });

export const Summary = z
  .object({
    conforms: z.boolean(),
    profile: Profile,
    pvi: z.string(),
    private_abi: z.boolean(),
    core: Tally,
    optional: Tally.extend({ not_offered: Count }),
  })
  .openapi("Summary");

const RunCause = z.enum(["submission", "rerun", "suite", "repeat", "reproduction"]);

export const Event = z
  .object({ at: Time, actor: z.string(), type: z.string(), detail: z.string().nullable() })
  .openapi("Event");

export const Run = z
  .object({
    id: RunId,
    state: RunState,
    at: Time,
    createdAt: Time,
    reason: z.string().nullable(),
    build: z.object({
      digest: Digest,
      ...buildNames,
    }),
    suite: SuiteRef,
    challenge: Seed.nullable(),
    attempt: z.int().positive(),
    cause: RunCause,
    repeats: RunId.nullable(),
    attempts: z.array(RunRef.extend({ attempt: z.int().positive() })),
    trust: Trust,
    standing: Standing,
    reproductions: z.array(Reproduction),
    disputes: z.array(Dispute),
    progress: z.object({ shardsDone: Count, shards: Count }),
    summary: Summary.nullable(),
    reportDigest: Digest.nullable(),
    ops: z
      .array(z.object({ id: z.string(), verdict: Verdict, native: z.boolean(), clauses: Verdicts, costs: Costs }))
      .nullable(),
    events: z.array(Event),
  })
  .openapi("Run") satisfies z.ZodType<RunView>;

const Blob = z.object({ digest: Digest, sizeBytes: Count }).nullable();
export const Score = z.object({ held: Count, of: Count });

export const Build = z
  .object({
    digest: Digest,
    ...buildNames,
    machine: Machine,
    abi: z.object({ name: z.string(), version: z.string() }).nullable(),
    submittedAt: Time,
    provenance: Provenance,
    revoked: Revocation.nullable(),
    manifest: z.custom<BuildView["manifest"]>().openapi({ type: "object", description: "parley.json as submitted." }),
    guest: Blob,
    host: Blob,
    rom: Blob,
    runs: z.array(
      RunRef.extend({
        suite: SuiteRef,
        attempt: z.int().positive(),
        cause: RunCause,
        repeats: RunId.nullable(),
        conforms: z.boolean().nullable(),
        score: Score.nullable(),
        execution: Execution,
        standing: Standing,
      }),
    ),
  })
  .openapi("Build") satisfies z.ZodType<BuildView>;

const GroupCount = z
  .object({ pass: Count, fail: Count, error: Count, notOffered: Count, notRun: Count, of: Count })
  .openapi("GroupCount");

const Row = Score.extend({
  ...buildNames,
  build: Digest,
  run: RunRef,
  pending: RunRef.nullable(),
  conforms: z.boolean(),
  privateAbi: z.boolean(),
  trust: Trust,
  standing: Standing,
  suite: SuiteRef,
  stale: z.boolean(),
  cells: Verdicts,
  groups: z.record(z.string(), GroupCount),
}).openapi("MatrixRow");

export const MatrixSchema = z
  .object({
    suite: SuiteRef,
    next: z.string().nullable(),
    groups: z.array(z.object({ id: z.string(), ops: z.array(z.string()) })),
    rows: z.array(Row),
    waiting: z.array(
      z.object({
        vendor: Slug,
        unverified: z.boolean(),
        backend: Slug,
        version: z.string(),
        build: Digest,
        run: RunRef,
      }),
    ),
  })
  .openapi("Matrix") satisfies z.ZodType<Matrix>;
