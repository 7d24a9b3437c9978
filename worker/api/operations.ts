// Every route as OpenAPI describes it. A test holds this list against the routes that the app has.
import { type RouteConfig, z } from "@hono/zod-openapi";
import { identityOperations } from "./identity-operations.ts";
import { listOperations } from "./list-operations.ts";
import { json, operation } from "./operation.ts";
import { runOperations } from "./run-operations.ts";
import { CiMessage } from "./schemas/ci-message.ts";
import { Digest, RunId, Slug } from "./schemas/common.ts";
import { After, Limit } from "./schemas/lists.ts";
import { Build, MatrixSchema, Run } from "./schemas/runs.ts";
import { AcceptedBuild, BadgeEndpoint, BuildForm, IdempotencyKey, Report, ValidBuild } from "./schemas/submit.ts";
import { trustOperations } from "./trust-operations.ts";

const webhookHeaders = {
  "webhook-id": z.string().openapi({ description: "Counts once per hook." }),
  "webhook-timestamp": z.string().openapi({ description: "Unix seconds, within five minutes of now." }),
  "webhook-signature": z.string().openapi({ description: "`v1,` and base64 HMAC-SHA256 of `id.timestamp.body`." }),
};

const badge = { svg: "image/svg+xml", json: "application/json" } as const;

function badgeOperations(): RouteConfig[] {
  const kinds: { id: string; path: string; of: string; params: Record<string, z.ZodType> }[] = [
    {
      id: "Backend",
      path: "/badge/{vendor}/{backend}",
      of: "a backend's current result",
      params: { vendor: Slug, backend: Slug },
    },
    {
      id: "Group",
      path: "/badge/{vendor}/{backend}/{group}",
      of: "one op group of a backend's current result",
      params: { vendor: Slug, backend: Slug, group: z.string() },
    },
    { id: "Build", path: "/badge/build/{digest}", of: "one build", params: { digest: Digest } },
  ];
  return kinds.flatMap(({ id, path, of, params }) => [
    operation("get", `${path}.svg`, {
      id: `badge${id}Svg`,
      tag: "Read",
      summary: `Badge of ${of}`,
      params,
      answer: { status: 200, says: "A picture; grey if there is no result.", type: badge.svg },
    }),
    operation("get", `${path}.json`, {
      id: `badge${id}Json`,
      tag: "Read",
      summary: `Badge of ${of}, for shields.io`,
      params,
      answer: { status: 200, says: "Endpoint form of shields.io.", schema: BadgeEndpoint },
      problems: ["not-found"],
    }),
  ]);
}

export const operations: RouteConfig[] = [
  operation("post", "/api/v1/validate", {
    id: "validateBuild",
    tag: "Submit",
    summary: "Check a build without submitting it: every problem at once, nothing kept",
    body: { type: "multipart/form-data", schema: BuildForm },
    answer: { status: 200, says: "The build is acceptable.", schema: ValidBuild },
    problems: ["invalid-build", "quota-exceeded"],
  }),
  operation("post", "/api/v1/builds", {
    id: "submitBuild",
    tag: "Submit",
    summary: "Submit a build; a build that has a run already is answered with that run",
    secured: true,
    headers: { "Idempotency-Key": IdempotencyKey },
    body: { type: "multipart/form-data", schema: BuildForm },
    answer: { status: 202, says: "The build is stored and its run exists.", schema: AcceptedBuild },
    problems: ["invalid-build", "key-in-use", "key-reused", "quota-exceeded"],
  }),
  operation("post", "/hooks/ci/{id}", {
    id: "submitByHook",
    tag: "Submit",
    summary: "Submit a build from CI, signed as Standard Webhooks 1.0.0 says",
    params: { id: z.string() },
    headers: webhookHeaders,
    body: json(CiMessage),
    answer: { status: 202, says: "The build is stored and its run exists.", schema: AcceptedBuild },
    problems: [
      "signature-invalid",
      "signature-stale",
      "forbidden",
      "not-found",
      "replayed",
      "invalid-request",
      "digest-mismatch",
      "host-not-allowed",
      "fetch-failed",
      "quota-exceeded",
      "invalid-build",
    ],
  }),
  operation("post", "/hooks/github/{id}", {
    id: "submitByGithub",
    tag: "Submit",
    summary: "Events of GitHub: a published release or a completed workflow run makes the registry pull its artefacts",
    params: { id: z.string() },
    headers: {
      "X-Hub-Signature-256": z.string().openapi({ description: "`sha256=` and hex HMAC-SHA256 of the body." }),
      "X-GitHub-Delivery": z.string().openapi({ description: "Counts once per hook." }),
      "X-GitHub-Event": z.string(),
    },
    body: json(z.looseObject({})),
    answer: { status: 202, says: "The build is stored and its run exists.", schema: AcceptedBuild },
    also: {
      status: 200,
      says: "The event leads to no build; `ignored` says why.",
      schema: z.object({ ignored: z.string() }),
    },
    problems: ["signature-invalid", "forbidden", "not-found", "fetch-failed", "invalid-build", "quota-exceeded"],
  }),
  ...identityOperations,
  operation("get", "/api/v1/builds/{digest}", {
    id: "getBuild",
    tag: "Read",
    summary: "A build and its runs",
    params: { digest: Digest },
    answer: { status: 200, says: "The build.", schema: Build },
    problems: ["malformed-request", "not-found"],
  }),
  operation("get", "/api/v1/runs/{id}", {
    id: "getRun",
    tag: "Read",
    summary: "A run: state, progress, and its result once published",
    params: { id: RunId },
    answer: { status: 200, says: "The run.", schema: Run },
    problems: ["malformed-request", "not-found"],
  }),
  operation("get", "/api/v1/runs/{id}/report", {
    id: "getReport",
    tag: "Read",
    summary: "The report of a published run: canonical JSON, the same bytes wherever it was run",
    params: { id: RunId },
    answer: { status: 200, says: "The report.", schema: Report },
    problems: ["malformed-request", "not-found", "unavailable"],
  }),
  operation("get", "/api/v1/matrix", {
    id: "getMatrix",
    tag: "Read",
    summary: "Backends × operations of the current suite",
    query: { limit: Limit, after: After },
    answer: { status: 200, says: "The matrix.", schema: MatrixSchema },
    problems: ["malformed-request"],
  }),
  ...listOperations,
  ...runOperations,
  ...trustOperations,
  ...badgeOperations(),
];
