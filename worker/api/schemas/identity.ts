import { z } from "@hono/zod-openapi";
import { addressAllowed } from "../../outbound.ts";
import type { NewVendor } from "../../registry/create-vendor.ts";
import type { HookView } from "../../registry/list-hooks.ts";
import { plainText, Slug, Time } from "./common.ts";

/** `/badge/build/…` is taken. */
const VendorSlug = Slug.refine((slug) => slug !== "build", "is reserved").openapi("VendorSlug");

export const NewVendorInput = z
  .strictObject({ slug: VendorSlug, name: plainText(100) })
  .openapi("NewVendorInput", { example: { slug: "acme", name: "Acme Hypervisors" } });

export const NewVendorOutput = z
  .object({
    vendor: z.object({ slug: Slug, name: z.string() }),
    token: z.object({
      id: z.string(),
      value: z.string().openapi({ description: "Shown this once; the registry keeps only its SHA-256." }),
      scopes: z.array(z.enum(["submit", "positions", "manage"])),
    }),
  })
  .openapi("NewVendor") satisfies z.ZodType<NewVendor>;

const HostName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9.-]+$/, "must be of a–z, 0–9, dot and hyphen")
  .refine((host) => addressAllowed(`https://${host}/`) && new URL(`https://${host}/`).host === host, {
    error: "must be the public host name of https addresses, in lower case",
  });

const NewCiHook = z
  .strictObject({
    kind: z.literal("ci"),
    hosts: z
      .array(HostName)
      .max(10)
      .optional()
      .openapi({ description: "Hosts that messages may name parts on; none if left out." }),
  })
  .openapi("NewCiHook", { example: { kind: "ci", hosts: ["builds.acme.org"] } });

const NewGithubHook = z
  .strictObject({
    kind: z.literal("github"),
    repositoryId: z
      .string()
      .regex(/^[1-9][0-9]{0,19}$/, "must be a number in decimal digits")
      .openapi({ description: "`id` of the repository in GitHub's API; artefacts are pulled from it alone." }),
  })
  .openapi("NewGithubHook", { example: { kind: "github", repositoryId: "2002" } });

export const NewHookInput = z.discriminatedUnion("kind", [NewCiHook, NewGithubHook]).openapi("NewHookInput");

export const RotatedSecret = z
  .object({
    hook: z.object({ id: z.string() }),
    secret: z.string().openapi({ description: "`whsec_…`, shown this once." }),
    previousUntil: Time.openapi({ description: "Until when the secret before is accepted as well." }),
  })
  .openapi("RotatedSecret");

export const RevokedHook = z
  .object({ hook: z.object({ id: z.string(), revoked: z.literal(true) }) })
  .openapi("RevokedHook");

export const Hook = z
  .object({
    id: z.string(),
    kind: z.enum(["ci", "github"]),
    url: z.url(),
    hosts: z.array(z.string()),
    repositoryId: z.string().nullable(),
    createdAt: Time,
    revokedAt: Time.nullable(),
    secrets: z.array(z.object({ createdAt: Time, validUntil: Time.nullable() })),
  })
  .openapi("Hook") satisfies z.ZodType<HookView>;

export const HookList = z.object({ hooks: z.array(Hook) }).openapi("HookList");

export const NewHookOutput = z
  .object({
    hook: z.object({ id: z.string(), kind: z.enum(["ci", "github"]), url: z.url() }),
    secret: z.string().openapi({ description: "`whsec_…`, shown this once." }),
  })
  .openapi("NewHook");

export const DomainProofInput = z
  .strictObject({ domain: z.string().min(4).max(253) })
  .openapi("DomainProofInput", { example: { domain: "acme.org" } });

export const VerifiedVendor = z
  .object({
    vendor: Slug,
    verifiedBy: z.string().openapi({ description: "`domain:NAME`, `repository:OWNER/NAME` or `mediator`." }),
  })
  .openapi("VerifiedVendor");
