import { z } from "@hono/zod-openapi";
import type { KeyView } from "../../registry/views.ts";
import { Digest, Time } from "./common.ts";

const PublicKey = z.string().regex(/^[A-Za-z0-9+/]{43}=$/, "must be base64 of 32 bytes");
const Signature = z.string().regex(/^[A-Za-z0-9+/]{86}==$/, "must be base64 of 64 bytes");
const Seconds = z.iso.datetime({ precision: 0 });

export const NewKeyInput = z
  .strictObject({
    publicKey: PublicKey.openapi({ description: "Raw Ed25519 public key." }),
    notBefore: Seconds,
    notAfter: Seconds,
    signature: z
      .strictObject({ key: z.string().max(40), value: Signature })
      .optional()
      .openapi({
        description:
          "Id of a valid key, and its signature of `parley-key-v1`, vendor, publicKey, notBefore and notAfter, each followed by a line feed.",
      }),
  })
  .openapi("NewKeyInput");

export const KeyRevocation = z
  .strictObject({
    reason: z.enum(["superseded", "compromised", "unused"]),
  })
  .openapi("KeyRevocation");

export const Key = z
  .object({
    id: z.string(),
    publicKey: PublicKey,
    fingerprint: Digest,
    notBefore: Time,
    notAfter: Time,
    signedBy: z.string().nullable(),
    revokedAt: Time.nullable(),
    revokedFor: z.string().nullable(),
  })
  .openapi("Key") satisfies z.ZodType<KeyView>;

export const OneKey = z.object({ key: Key }).openapi("OneKey");
export const KeyList = z.object({ keys: z.array(Key) }).openapi("KeyList");
