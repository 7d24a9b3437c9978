import { z } from "@hono/zod-openapi";
import type { Minted } from "../../oidc/exchange.ts";
import type { PublisherView } from "../../registry/publishers.ts";
import { Slug, Time } from "./common.ts";

const NumericId = z.string().regex(/^[1-9][0-9]{0,19}$/, "must be a number in decimal digits");
const Repository = z
  .string()
  .max(140)
  .regex(/^[A-Za-z0-9-]+\/[A-Za-z0-9._-]+$/, "must be OWNER/NAME");
const Workflow = z
  .string()
  .max(100)
  .regex(/^[A-Za-z0-9._-]+\.ya?ml$/, "must be the file name of a workflow, ending in .yml or .yaml");
const Environment = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[\x20-\x7e]+$/, "must be printable ASCII");

export const NewPublisherInput = z
  .strictObject({
    backend: Slug,
    ownerId: NumericId.openapi({ description: "`owner.id` of GitHub's API: it outlives renames." }),
    repositoryId: NumericId.openapi({ description: "`id` of the repository in GitHub's API." }),
    repository: Repository,
    workflow: Workflow,
    environment: Environment.optional(),
  })
  .openapi("NewPublisherInput", {
    example: {
      backend: "hv",
      ownerId: "1001",
      repositoryId: "2002",
      repository: "acme/hv",
      workflow: "parley.yml",
      environment: "release",
    },
  });

export const Publisher = z
  .object({
    id: z.string(),
    backend: Slug,
    ownerId: NumericId,
    repositoryId: NumericId,
    repository: Repository,
    workflow: Workflow,
    environment: Environment.nullable(),
    createdAt: Time,
    revokedAt: Time.nullable(),
  })
  .openapi("Publisher") satisfies z.ZodType<PublisherView>;

export const OnePublisher = z.object({ publisher: Publisher }).openapi("OnePublisher");
export const PublisherList = z.object({ publishers: z.array(Publisher) }).openapi("PublisherList");

export const OidcInput = z
  .strictObject({ token: z.string().min(1), vendor: Slug, backend: Slug })
  .openapi("OidcInput", { description: "`token` is what GitHub gives a job that has `id-token: write`." });

export const MintedToken = z
  .object({
    token: z.object({ id: z.string(), value: z.string(), scopes: z.tuple([z.literal("submit")]), expiresAt: Time }),
    vendor: Slug,
    backend: Slug,
  })
  .openapi("MintedToken") satisfies z.ZodType<Minted>;
