import { z } from "@hono/zod-openapi";
import { Digest } from "./common.ts";

const InlinePart = z
  .strictObject({ digest: Digest, base64: z.string() })
  .openapi("InlinePart", { description: "The bytes as padded base64, and the SHA-256 of the bytes." });

const RemotePart = z.strictObject({ digest: Digest, url: z.url().max(2000) }).openapi("RemotePart", {
  description: "A public https address on a host of the hook's list, and the SHA-256 of its bytes.",
});

const Part = z.union([InlinePart, RemotePart]);

/** Body of `POST /hooks/ci/{id}`, signed as Standard Webhooks says. */
export const CiMessage = z
  .strictObject({
    type: z.literal("build.submitted"),
    timestamp: z.iso.datetime({ offset: true }),
    data: z.strictObject({ manifest: Part, guest: Part.optional(), host: Part.optional(), rom: Part.optional() }),
  })
  .openapi("CiMessage");

export type CiMessage = z.infer<typeof CiMessage>;
