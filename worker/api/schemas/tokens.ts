import { z } from "@hono/zod-openapi";
import type { TokenView } from "../../registry/tokens.ts";
import { Time } from "./common.ts";

const Scope = z.enum(["submit", "positions", "manage"]).openapi("Scope");

export const NewTokenInput = z
  .strictObject({
    scopes: z.array(Scope).min(1).max(3),
    expiresAt: z.iso.datetime().optional().openapi({ description: "It never outlives the token that asks for it." }),
  })
  .openapi("NewTokenInput", { example: { scopes: ["submit"], expiresAt: "2027-05-31T00:00:00Z" } });

export const Token = z
  .object({
    id: z.string(),
    scopes: z.array(Scope),
    createdAt: Time,
    expiresAt: Time.nullable(),
    revokedAt: Time.nullable(),
    lastUsedAt: Time.nullable().openapi({ description: "To the hour." }),
  })
  .openapi("Token") satisfies z.ZodType<TokenView>;

export const TokenList = z.object({ tokens: z.array(Token) }).openapi("TokenList");
export const OneToken = z.object({ token: Token }).openapi("OneToken");

export const NewTokenOutput = z
  .object({ token: Token.extend({ value: z.string().openapi({ description: "Shown this once." }) }) })
  .openapi("NewToken");
