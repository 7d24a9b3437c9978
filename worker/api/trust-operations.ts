// Reproductions, disputes, and the withdrawal of builds.
import { type RouteConfig, z } from "@hono/zod-openapi";
import { json, operation } from "./operation.ts";
import { Digest, RunId } from "./schemas/common.ts";
import { After, Limit, pageOf } from "./schemas/lists.ts";
import {
  Commitment,
  Dispute,
  DisputeClosing,
  IssuedReproduction,
  OneDispute,
  OneReproduction,
  OneRevocation,
  RevocationInput,
} from "./schemas/trust.ts";

const id = z.string();

export const trustOperations: RouteConfig[] = [
  operation("post", "/api/v1/runs/{id}/reproductions", {
    id: "issueReproduction",
    tag: "Trust",
    summary: "Ask for a one-time seed to reproduce a published run of another vendor's build (verified vendors)",
    secured: true,
    params: { id: RunId },
    answer: {
      status: 201,
      says: "The seed, shown to nobody else until its party commits.",
      schema: IssuedReproduction,
    },
    problems: ["malformed-request", "not-found", "conflict", "quota-exceeded"],
  }),
  operation("post", "/api/v1/reproductions/{id}/commit", {
    id: "commitReproduction",
    tag: "Trust",
    summary: "Commit to the digest of the report that the seed gave; then the registry runs the seed and compares",
    secured: true,
    params: { id },
    body: json(Commitment),
    answer: { status: 202, says: "The commitment is recorded and the registry's run exists.", schema: OneReproduction },
    problems: ["invalid-request", "not-found", "conflict"],
  }),
  operation("get", "/api/v1/reproductions/{id}", {
    id: "getReproduction",
    tag: "Trust",
    summary: "A reproduction: who, from which seed, with which digests, and how it ended",
    params: { id },
    answer: { status: 200, says: "It.", schema: OneReproduction },
    problems: ["not-found"],
  }),
  operation("get", "/api/v1/disputes", {
    id: "listDisputes",
    tag: "Trust",
    summary: "Disputes about results, newest first",
    query: { limit: Limit, after: After },
    answer: { status: 200, says: "A page.", schema: pageOf("DisputesPage", Dispute) },
    problems: ["malformed-request"],
  }),
  operation("get", "/api/v1/disputes/{id}", {
    id: "getDispute",
    tag: "Trust",
    summary: "A dispute about a result",
    params: { id },
    answer: { status: 200, says: "It.", schema: OneDispute },
    problems: ["not-found"],
  }),
  operation("post", "/api/v1/disputes/{id}/close", {
    id: "closeDispute",
    tag: "Trust",
    summary: "Close a dispute with a reason (mediator); the result itself does not change",
    secured: true,
    params: { id },
    body: json(DisputeClosing),
    answer: { status: 200, says: "The dispute is closed.", schema: OneDispute },
    problems: ["invalid-request", "not-found", "conflict"],
  }),
  operation("post", "/api/v1/builds/{digest}/revoke", {
    id: "revokeBuild",
    tag: "Trust",
    summary: "Withdraw a build, with the reason (its vendor or the mediator): its badges say revoked, its results stay",
    secured: true,
    params: { digest: Digest },
    body: json(RevocationInput),
    answer: { status: 200, says: "The build is withdrawn.", schema: OneRevocation },
    problems: ["invalid-request", "not-found"],
  }),
];
