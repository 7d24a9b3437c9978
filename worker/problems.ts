// Every error that a caller can see: RFC 9457 problem+json, each with a stable code, a status and what to do.
import type { Problem } from "../conformance/runner/types.ts";

/** code → status, title, what to do. The code is the last segment of the problem's `type`. */
export const problemTypes = {
  "malformed-request": [
    400,
    "The request is malformed",
    "Correct the request as the detail says; /openapi.json describes it.",
  ],
  unauthenticated: [
    401,
    "No valid token",
    "Send `Authorization: Bearer parley_…` with a token that is not expired or revoked.",
  ],
  "signature-invalid": [
    401,
    "The webhook signature does not hold",
    "Sign the very bytes that are sent with the hook's secret: `id.timestamp.body` as Standard Webhooks says, or the body as GitHub does.",
  ],
  "signature-stale": [
    401,
    "The signed timestamp is too far from now",
    "Sign again with the present time; a signature is good for five minutes.",
  ],
  "oidc-refused": [
    401,
    "The OIDC token is not taken",
    "Ask GitHub for a fresh token in the registered workflow, with `id-token: write` and this registry's audience.",
  ],
  "publisher-unknown": [
    403,
    "No registered publisher fits the OIDC token",
    "Register the repository and workflow that the detail names with a token that manages.",
  ],
  forbidden: [403, "The token may not do this", "Use a token of the vendor and scope that the detail names."],
  "not-found": [404, "There is no such thing here", "Check the address; /openapi.json lists every route."],
  "method-not-allowed": [405, "This address does not take that method", "Use one of the methods in the Allow header."],
  conflict: [409, "It exists already", "Read what exists, or choose another name."],
  "run-finished": [409, "The run has ended", "Nothing to do: ask for another attempt with POST …/rerun."],
  replayed: [409, "This message was taken in before", "Nothing to do. A new message needs a new `webhook-id`."],
  "key-in-use": [
    409,
    "A request with this Idempotency-Key is still being worked on",
    "Send the same request again after the time in Retry-After.",
  ],
  "length-required": [411, "The length of the body is not stated", "Send a Content-Length header."],
  "too-large": [413, "The body is too large", "Keep to the limit that the detail names."],
  "unsupported-media-type": [415, "The body has the wrong media type", "Send the media type that the detail names."],
  "invalid-request": [
    422,
    "The request does not fit its schema",
    "Correct each entry of `errors`; /openapi.json describes the request.",
  ],
  "invalid-build": [
    422,
    "The build is not acceptable",
    "Correct each entry of `errors` and submit again; nothing was stored.",
  ],
  "key-reused": [
    422,
    "This Idempotency-Key belongs to another request",
    "Use a new key for a new request; a key is kept for 24 hours.",
  ],
  "digest-mismatch": [
    422,
    "A digest does not match its bytes",
    "Send the SHA-256 of the decoded bytes as `sha256:` and lower-case hex.",
  ],
  "host-not-allowed": [
    422,
    "An address may not be fetched",
    "Name a public https address of a host on the hook's list, or send the bytes inline.",
  ],
  "fetch-failed": [
    422,
    "An address could not be fetched",
    "See that it answers 200 with the bytes, without redirects, then send a new message.",
  ],
  "proof-missing": [
    422,
    "The proof was not found",
    "Serve the line that the detail gives at the address it names, and ask again.",
  ],
  "quota-exceeded": [
    429,
    "A quota is used up",
    "Wait for the time in Retry-After; RateLimit and RateLimit-Policy say how much there is.",
  ],
  internal: [500, "The registry failed", "Try again; if it stays, report the address and the time."],
  unavailable: [503, "The registry cannot do this now", "Try again after the time in Retry-After."],
} as const satisfies Record<string, readonly [number, string, string]>;

export type ProblemCode = keyof typeof problemTypes;

/** One entry of `errors`: where it is wrong, and how. */
export type ProblemEntry = Partial<Problem> & { detail: string };

/** A refusal. `detail` says what happened in this case; `errors` lists every fault found. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly code: ProblemCode;
  readonly status: number;
  readonly errors: readonly ProblemEntry[] | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Names of the quotas that were exceeded. */
  readonly violatedPolicies: readonly string[] | undefined;

  constructor(
    code: ProblemCode,
    detail: string,
    more: {
      errors?: readonly ProblemEntry[];
      headers?: Record<string, string>;
      violatedPolicies?: readonly string[];
    } = {},
  ) {
    super(detail);
    this.code = code;
    this.status = problemTypes[code][0];
    this.errors = more.errors;
    this.headers = more.headers ?? {};
    this.violatedPolicies = more.violatedPolicies;
  }
}

/** The one problem type that is registered with IANA. */
const QUOTA_EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded";

/** The response of a refusal. `type` is an address of this registry that explains the code. */
export function problemResponse(problem: ProblemError, requestUrl: string): Response {
  const [status, title, action] = problemTypes[problem.code];
  const { origin, pathname } = new URL(requestUrl);
  const body = {
    type: problem.code === "quota-exceeded" ? QUOTA_EXCEEDED : `${origin}/problems/${problem.code}`,
    title,
    status,
    detail: problem.message,
    instance: pathname,
    action,
    ...(problem.errors ? { errors: problem.errors } : {}),
    ...(problem.violatedPolicies ? { "violated-policies": problem.violatedPolicies } : {}),
  };
  const headers = { "Content-Type": "application/problem+json", "Cache-Control": "no-store", ...problem.headers };
  return new Response(JSON.stringify(body), { status, headers });
}
