// Routes of vendors, tokens, hooks and keys.
import { type RouteConfig, z } from "@hono/zod-openapi";
import { bodyProblems, operation, tokenProblems } from "./operation.ts";
import { Slug } from "./schemas/common.ts";
import {
  DomainProofInput,
  NewHookInput,
  NewHookOutput,
  NewVendorInput,
  NewVendorOutput,
  RevokedHook,
  RotatedSecret,
  VerifiedVendor,
} from "./schemas/identity.ts";
import { NewTokenInput, NewTokenOutput, OneToken, TokenList } from "./schemas/tokens.ts";

export const identityOperations: RouteConfig[] = [
  operation("post", "/api/v1/vendors", {
    id: "createVendor",
    tag: "Identity",
    summary: "Register a vendor with its first token; anybody may, and it is unverified until it proves who it is",
    body: { type: "application/json", schema: NewVendorInput },
    answer: { status: 201, says: "The vendor and its token.", schema: NewVendorOutput },
    problems: [...tokenProblems, ...bodyProblems, "conflict", "invalid-request"],
  }),
  operation("post", "/api/v1/vendors/{slug}/verify", {
    id: "verifyVendor",
    tag: "Identity",
    summary: "Mark a vendor as verified (mediator)",
    secured: true,
    params: { slug: Slug },
    answer: { status: 200, says: "The vendor is verified.", schema: VerifiedVendor },
    problems: [...tokenProblems, "malformed-request", "not-found"],
  }),
  operation("post", "/api/v1/domain-proofs", {
    id: "proveDomain",
    tag: "Identity",
    summary: "Prove a domain by a line at its /.well-known/parley-vendor; the refusal says which line",
    secured: true,
    body: { type: "application/json", schema: DomainProofInput },
    answer: { status: 200, says: "The vendor is verified.", schema: VerifiedVendor },
    problems: [...tokenProblems, ...bodyProblems, "invalid-request", "proof-missing"],
  }),
  operation("get", "/api/v1/tokens", {
    id: "listTokens",
    tag: "Identity",
    summary: "Every token of the vendor, newest first, without its value",
    secured: true,
    answer: { status: 200, says: "The tokens.", schema: TokenList },
    problems: tokenProblems,
  }),
  operation("post", "/api/v1/tokens", {
    id: "createToken",
    tag: "Identity",
    summary: "Make a further token, with no more scopes and no longer life than the one that asks",
    secured: true,
    body: { type: "application/json", schema: NewTokenInput },
    answer: { status: 201, says: "The token.", schema: NewTokenOutput },
    problems: [...tokenProblems, ...bodyProblems, "invalid-request"],
  }),
  operation("post", "/api/v1/tokens/{id}/revoke", {
    id: "revokeToken",
    tag: "Identity",
    summary: "End a token at once",
    secured: true,
    params: { id: z.string() },
    answer: { status: 200, says: "The token is revoked.", schema: OneToken },
    problems: [...tokenProblems, "not-found"],
  }),
  operation("post", "/api/v1/hooks", {
    id: "createHook",
    tag: "Identity",
    summary: "Make an address and a secret for the vendor's CI",
    secured: true,
    body: { type: "application/json", schema: NewHookInput },
    answer: { status: 201, says: "The hook and its secret.", schema: NewHookOutput },
    problems: [...tokenProblems, ...bodyProblems, "invalid-request"],
  }),
  operation("post", "/api/v1/hooks/{id}/rotate", {
    id: "rotateSecret",
    tag: "Identity",
    summary: "Make a new secret for a hook; the one before is accepted for a day more",
    secured: true,
    params: { id: z.string() },
    answer: { status: 200, says: "The new secret.", schema: RotatedSecret },
    problems: [...tokenProblems, "not-found"],
  }),
  operation("post", "/api/v1/hooks/{id}/revoke", {
    id: "revokeHook",
    tag: "Identity",
    summary: "Close a hook at once",
    secured: true,
    params: { id: z.string() },
    answer: { status: 200, says: "The hook takes nothing more.", schema: RevokedHook },
    problems: [...tokenProblems, "not-found"],
  }),
];
