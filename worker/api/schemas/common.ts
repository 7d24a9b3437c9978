import { z } from "@hono/zod-openapi";

export const Slug = z
  .string()
  .regex(/^[a-z0-9-]{1,39}$/, "must be 1–39 of a–z, 0–9 and hyphen")
  .openapi("Slug", { example: "acme" });

export const Digest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, "must be sha256: and 64 lower-case hexadecimal digits")
  .openapi("Digest", { example: `sha256:${"0123456789abcdef".repeat(4)}` });

export const RunId = z
  .string()
  .regex(/^[0-9a-f]{24}$/, "must be 24 lower-case hexadecimal digits")
  .openapi("RunId", { example: "0123456789abcdef01234567" });

/**
 * Text that people wrote: no control characters, which would reach logs and pages; all else is escaped where it is shown. JSON Schema
 * patterns have no flags, so the pattern is told without them.
 */
export function plainText(maxLength: number) {
  const pattern = "^[^\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]+$";
  return z
    .string()
    .min(1)
    .max(maxLength)
    .regex(new RegExp(pattern, "u"), "must not hold control characters")
    .openapi({ pattern });
}

export const Time = z.iso.datetime().openapi("Time", { example: "2026-11-22T09:30:00Z" });

export const Verdict = z.enum(["pass", "fail", "error", "not-offered", "not-run"]).openapi("Verdict");
export const Profile = z.enum(["native", "enlightened", "shadow", "direct"]).openapi("Profile");
export const Machine = z.enum(["native", "enlightened", "shadow", "direct", "fullvirt"]).openapi("Machine");
export const RunState = z
  .enum(["received", "queued", "running", "merging", "judging", "published", "abandoned", "cancelled"])
  .openapi("RunState");

export const Provenance = z.enum(["token", "ci-attested"]);
export const Execution = z.enum(["registry-run", "reproduced"]);
export const Trust = z.object({ provenance: Provenance, execution: Execution }).openapi("Trust");
export const Standing = z
  .enum(["valid", "disputed", "revoked"])
  .openapi("Standing", { description: "Whether there is evidence against the result, or its build was withdrawn." });
export const SuiteRef = z.object({ digest: Digest, pvi: z.string() }).openapi("SuiteRef");
export const RunRef = z.object({ id: RunId, state: RunState, at: Time }).openapi("RunRef");

const count = z.int().nonnegative();
export const Count = count;
export const Verdicts = z.record(z.string(), Verdict).openapi("Verdicts");
export const Costs = z.record(z.string(), count).openapi("Costs");

/** RFC 9457, as problems.ts writes it. */
export const Problem = z
  .object({
    type: z.url(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    action: z.string().openapi({ description: "What to do about it." }),
    errors: z
      .array(
        z.object({
          detail: z.string(),
          code: z.string().optional(),
          title: z.string().optional(),
          action: z.string().optional(),
          pointer: z.string().optional().openapi({ description: "RFC 6901 pointer into the document." }),
          part: z.enum(["manifest", "guest", "host", "rom"]).optional(),
          offset: count.optional().openapi({ description: "Byte offset in the part." }),
        }),
      )
      .optional(),
    "violated-policies": z
      .array(z.string())
      .optional()
      .openapi({ description: "Quotas that were exceeded, as RateLimit-Policy names them." }),
  })
  .openapi("Problem");

/** What names a build, beside its digest. */
export const buildNames = {
  vendor: Slug,
  unverified: z.boolean(),
  backend: Slug,
  version: z.string(),
  profile: Profile,
};
