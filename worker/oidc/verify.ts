// A GitHub Actions OIDC token, checked in this order: size and header, signature, issuer, audience and times, then its claims.
import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from "jose";
import type { Env } from "../env.ts";
import { OIDC_LEEWAY_S, OIDC_TOKEN_MAX_BYTES } from "../limits.ts";
import { logNotice } from "../log.ts";
import { ProblemError } from "../problems.ts";
import { keysAt } from "./keys.ts";

const GITHUB_ISSUER = "https://token.actions.githubusercontent.com";

/** What the registry reads of a token. `sub` is never parsed: its form changes with the age of the repository. */
export interface Claims {
  jti: string;
  /** Unix seconds. */
  exp: number;
  repository: string;
  repository_id: string;
  repository_owner_id: string;
  job_workflow_ref: string;
  ref: string;
  sha: string;
  event_name: string;
  run_id: string;
  run_attempt: string;
  actor_id: string;
  runner_environment: string;
  environment: string | null;
  /** Names of claims that were there and decided nothing. */
  unchecked: string[];
}

const needed = [
  "jti",
  "repository",
  "repository_id",
  "repository_owner_id",
  "job_workflow_ref",
  "ref",
  "sha",
  "event_name",
  "run_id",
  "run_attempt",
  "actor_id",
  "runner_environment",
] as const;

/** Claims of GitHub's that are known and decide nothing here; their names are recorded with each exchange. */
const unchecked = [
  "sub",
  "repository_owner",
  "repository_visibility",
  "ref_type",
  "ref_protected",
  "base_ref",
  "head_ref",
  "workflow",
  "workflow_ref",
  "workflow_sha",
  "job_workflow_sha",
  "run_number",
  "check_run_id",
  "actor",
  "environment_node_id",
  "enterprise",
  "enterprise_id",
];

/** Checked by this file or by exchange.ts, together with `needed`. */
const checked = new Set<string>([...needed, "iss", "aud", "exp", "iat", "nbf", "environment"]);

/** Names of the claims that a token carries and that decide nothing: `unknown` are those that GitHub did not have before. */
export function uncheckedClaims(payload: object): { known: string[]; unknown: string[] } {
  const left = Object.keys(payload).filter((name) => !checked.has(name));
  const isKnown = (name: string) => unchecked.includes(name) || name.startsWith("repo_property_");
  return {
    known: left.filter(isKnown),
    unknown: left.filter((name) => !isKnown(name)).map((name) => name.slice(0, 64)),
  };
}

/** @param at ms since 1970 @throws ProblemError oidc-refused, unavailable */
export async function verifyToken(env: Env, token: string, at: number): Promise<Claims> {
  const audience = env.OIDC_AUDIENCE;
  if (!audience)
    throw new ProblemError("unavailable", "This registry has no OIDC_AUDIENCE, so it exchanges no tokens.");
  if (token.length > OIDC_TOKEN_MAX_BYTES) throw refuse(`It is longer than ${OIDC_TOKEN_MAX_BYTES} bytes.`);
  const kid = keyId(token);
  const issuer = env.OIDC_ISSUER ?? GITHUB_ISSUER;
  const key = await keysAt(env.OIDC_JWKS_URL ?? `${issuer}/.well-known/jwks`).find(kid, at);
  let payload: JWTPayload;
  try {
    ({ payload } = await jwtVerify(token, key, {
      algorithms: ["RS256"],
      issuer,
      audience,
      clockTolerance: OIDC_LEEWAY_S,
      // Also refuses a token that was issued ahead of now.
      maxTokenAge: "1h",
      currentDate: new Date(at),
      requiredClaims: ["iss", "aud", "iat", "exp", "jti"],
    }));
  } catch (error) {
    if (error instanceof errors.JOSEError) throw refuse(`It does not verify: ${error.message}.`);
    throw error;
  }
  if (Array.isArray(payload.aud) && payload.aud.length !== 1) throw refuse("It names more than one audience.");
  return claimsOf(payload);
}

function keyId(token: string): string {
  try {
    const { alg, kid } = decodeProtectedHeader(token);
    if (alg !== "RS256") throw refuse(`Its algorithm is "${String(alg).slice(0, 20)}"; only RS256 is taken.`);
    if (typeof kid !== "string") throw refuse("It names no key.");
    return kid;
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    throw refuse("It is not a signed JWT in compact form.");
  }
}

function claimsOf(payload: JWTPayload): Claims {
  for (const name of needed) {
    const value = payload[name];
    if (typeof value !== "string" || value === "" || value.length > 512) throw refuse(`Claim "${name}" is missing.`);
  }
  const { known, unknown } = uncheckedClaims(payload);
  // A claim that is new may be one that should be checked: the operator is told.
  if (unknown.length > 0) logNotice("OIDC claims that this registry does not know", { claims: unknown.slice(0, 32) });
  const told = { environment: payload.environment ?? null, unchecked: [...known, ...unknown].slice(0, 64) };
  const claims = { ...payload, ...told } as unknown as Claims;
  if (claims.event_name === "pull_request_target") {
    throw refuse(
      "It is of a pull_request_target event, which runs with the secrets of the base for somebody else's change.",
    );
  }
  return claims;
}

function refuse(detail: string): ProblemError {
  return new ProblemError("oidc-refused", detail);
}
