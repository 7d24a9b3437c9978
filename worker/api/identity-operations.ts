// Routes of vendors, tokens, hooks and keys.
import type { RouteConfig } from "@hono/zod-openapi";
import { bodyProblems, operation, tokenProblems } from "./operation.ts";
import { NewHookInput, NewHookOutput, NewVendorInput, NewVendorOutput } from "./schemas/identity.ts";

export const identityOperations: RouteConfig[] = [
  operation("post", "/api/v1/vendors", {
    id: "createVendor",
    tag: "Identity",
    summary: "Register a vendor with its first token (mediator)",
    secured: true,
    body: { type: "application/json", schema: NewVendorInput },
    answer: { status: 201, says: "The vendor and its token.", schema: NewVendorOutput },
    problems: [...tokenProblems, ...bodyProblems, "conflict", "invalid-request"],
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
];
