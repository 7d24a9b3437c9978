import { z } from "@hono/zod-openapi";
import type { Report as RunnerReport } from "../../../conformance/runner/index.ts";
import type { Validation } from "../../intake/validate.ts";
import { Digest, Profile, RunId, RunState, Slug, SuiteRef } from "./common.ts";

const File = z.string().openapi({ format: "binary" });

export const BuildForm = z
  .object({
    manifest: File.openapi({ description: "parley.json, at most 64 KiB." }),
    guest: File.optional().openapi({ description: "guest.wasm, at most 1 MiB." }),
    host: File.optional().openapi({ description: "host.wasm, at most 2 MiB." }),
    rom: File.optional().openapi({ description: "rom.wasm, at most 256 KiB." }),
  })
  .openapi("BuildForm");

export const IdempotencyKey = z.string().optional().openapi({
  description: "A quoted string of your choice: the same request with the same key gets the same answer for 24 hours.",
  example: '"8e03978e-40d5-43e8-bc93-6894a57f9324"',
});

export const AcceptedBuild = z
  .object({
    build: z.object({ digest: Digest }),
    run: z.object({ id: RunId, state: RunState, url: z.url() }),
    created: z.boolean().openapi({ description: "False if this build had a run of this suite before." }),
  })
  .openapi("AcceptedBuild");

export const CancelledRun = z
  .object({ run: z.object({ id: RunId, state: z.literal("cancelled"), url: z.url() }) })
  .openapi("CancelledRun");

export const ValidBuild = z
  .object({
    valid: z.literal(true),
    build: z.object({ digest: Digest }),
    vendor: Slug,
    backend: Slug,
    version: z.string(),
    profile: Profile,
    suite: SuiteRef,
    ops: z.array(z.object({ id: z.string(), tier: z.enum(["core", "optional", "none"]), exported: z.boolean() })),
  })
  .openapi("ValidBuild") satisfies z.ZodType<Validation>;

/** Its digest is its name, so it is described but never rebuilt from this schema. */
export const Report = z.custom<RunnerReport>().openapi("Report", {
  type: "object",
  description: "Verdicts per op, clause and case, costs, schedules and traces of failures.",
});

/** https://shields.io/badges/endpoint-badge */
export const BadgeEndpoint = z
  .object({
    schemaVersion: z.literal(1),
    label: z.string(),
    message: z.string(),
    color: z.string(),
    labelColor: z.string(),
    isError: z.boolean(),
    cacheSeconds: z.int(),
  })
  .openapi("BadgeEndpoint");
