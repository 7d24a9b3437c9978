import { z } from "@hono/zod-openapi";
import type { DisputeView, ReproductionView, RevocationView } from "../../registry/views.ts";
import { Digest, plainText, RunId, Slug, Time } from "./common.ts";

export const Seed = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .openapi("Seed", { description: "A one-time seed: `parley test DIR --seed …` searches from it." });

export const Reproduction = z
  .object({
    id: z.string(),
    run: RunId,
    build: Digest,
    suite: Digest,
    vendor: Slug,
    state: z.enum(["issued", "checking", "repeating", "matched", "disputed", "lapsed", "failed"]),
    at: Time,
    issuedAt: Time,
    expiresAt: Time,
    seed: Seed.nullable().openapi({ description: "Null until its party has committed." }),
    committedDigest: Digest.nullable(),
    checkRun: RunId.nullable(),
    checkDigest: Digest.nullable(),
    repeatRun: RunId.nullable(),
    repeatDigest: Digest.nullable(),
  })
  .openapi("Reproduction") satisfies z.ZodType<ReproductionView>;

export const IssuedReproduction = z
  .object({ reproduction: Reproduction.extend({ seed: Seed }) })
  .openapi("NewReproduction");
export const OneReproduction = z.object({ reproduction: Reproduction }).openapi("OneReproduction");

export const Commitment = z
  .strictObject({ reportDigest: Digest.openapi({ description: "Digest of the report that the seed gave." }) })
  .openapi("Commitment");

export const Dispute = z
  .object({
    id: z.string(),
    run: RunId,
    build: Digest,
    suite: Digest,
    reproduction: z.string(),
    claimant: z.string(),
    claim: z.string(),
    openedAt: Time,
    state: z.enum(["open", "upheld", "dismissed"]),
    at: Time,
    reason: z.string().nullable(),
  })
  .openapi("Dispute") satisfies z.ZodType<DisputeView>;

export const OneDispute = z.object({ dispute: Dispute }).openapi("OneDispute");

const Reason = plainText(500);

export const DisputeClosing = z
  .strictObject({ outcome: z.enum(["upheld", "dismissed"]), reason: Reason })
  .openapi("DisputeClosing");

export const RevocationInput = z.strictObject({ reason: Reason }).openapi("RevocationInput", {
  example: { reason: "It was built from the wrong commit." },
});

export const Revocation = z
  .object({ build: Digest, at: Time, actor: z.string(), reason: z.string() })
  .openapi("Revocation") satisfies z.ZodType<RevocationView>;

export const OneRevocation = z.object({ revocation: Revocation }).openapi("OneRevocation");
