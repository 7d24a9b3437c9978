import { env, SELF } from "cloudflare:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { app } from "../app.ts";
import { iso } from "../clock.ts";
import { formOf, multipart, quickParts, withManifest } from "../test/builds.ts";
import { bearer, call, countRows, jsonOf, ORIGIN, postJson, problemOf, registerVendor } from "../test/requests.ts";
import type { Minted } from "./exchange.ts";

const NOW = Date.parse("2026-11-22T09:30:00Z");
const time = (at = NOW) => ({ "X-Parley-Now": new Date(at).toISOString() });
const publisher = {
  backend: "quick",
  ownerId: "1001",
  repositoryId: "2002",
  repository: "Acme/hv",
  workflow: "parley.yml",
};
const good = {
  repository: "acme/hv",
  repository_id: "2002",
  repository_owner_id: "1001",
  ref: "refs/heads/main",
  sha: "a".repeat(40),
  job_workflow_ref: "acme/hv/.github/workflows/parley.yml@refs/heads/main",
  event_name: "push",
  run_id: "7",
  run_attempt: "1",
  actor_id: "9",
  runner_environment: "github-hosted",
};

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;
let keys: Keys;
let others: Keys;
let token: string;
let issuer = "";
let count = 0;

beforeAll(async () => {
  keys = await generateKeyPair("RS256");
  others = await generateKeyPair("RS256");
});

/** An issuer of its own for each test, since key sets are kept. */
beforeEach(async () => {
  issuer = `http://127.0.0.1:1/issuer-${count++}`;
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: "k1", alg: "RS256", use: "sig" };
  vi.spyOn(globalThis, "fetch").mockImplementation(async () => Response.json({ keys: [jwk] }));
  token = await registerVendor("parley");
  const made = await postJson("/api/v1/publishers", publisher, { ...bearer(token), ...time() });
  expect(made.status).toBe(201);
});

afterEach(() => vi.restoreAllMocks());

interface Signing {
  claims?: Record<string, unknown>;
  header?: { alg: string; kid?: string };
  key?: CryptoKey | Uint8Array;
  aud?: string | string[];
  iss?: string;
  iat?: number;
  exp?: number;
}

function sign({ claims = {}, header, key, aud = "parley", iss = issuer, iat, exp }: Signing = {}): Promise<string> {
  const seconds = NOW / 1000;
  const payload = { ...good, jti: `j${count++}`, ...claims };
  return new SignJWT(payload)
    .setProtectedHeader(header ?? { alg: "RS256", kid: "k1" })
    .setIssuer(iss)
    .setAudience(aud)
    .setIssuedAt(iat ?? seconds)
    .setExpirationTime(exp ?? seconds + 300)
    .sign(key ?? keys.privateKey);
}

async function offer(jwt: string, { backend = "quick", at = NOW, vendor = "parley" } = {}): Promise<Response> {
  const body = JSON.stringify({ token: jwt, vendor, backend });
  const headers = { "Content-Type": "application/json", "Content-Length": String(body.length), ...time(at) };
  const bindings = { ...env, OIDC_AUDIENCE: "parley", OIDC_ISSUER: issuer };
  return app.request(`${ORIGIN}/api/v1/oidc/token`, { method: "POST", body, headers }, bindings);
}

async function minted(signing: Signing = {}): Promise<Minted> {
  const response = await offer(await sign(signing));
  expect(response.status).toBe(201);
  return jsonOf<Minted>(response);
}

async function submit(value: string, parts = quickParts(), at = NOW): Promise<Response> {
  return SELF.fetch(await multipart("/api/v1/builds", formOf(parts), { ...bearer(value), ...time(at) }));
}

async function refused(response: Response, status = 401): Promise<string> {
  const problem = await problemOf(response, status);
  expect(await countRows("oidc_uses")).toBe(0);
  return `${problem.type.split("/").pop()}: ${problem.detail}`;
}

describe("POST /api/v1/oidc/token", () => {
  it("gives a token of 15 minutes that submits one backend as CI-attested, and proves the repository", async () => {
    const { token: made, ...of } = await minted();
    expect(made).toMatchObject({ scopes: ["submit"], expiresAt: "2026-11-22T09:45:00Z" });
    expect(of).toEqual({ vendor: "parley", backend: "quick" });
    expect((await submit(made.value)).status).toBe(202);
    const build = await env.DB.prepare("SELECT provenance FROM builds").first();
    expect(build).toEqual({ provenance: "ci-attested" });
    const other = await problemOf(await submit(made.value, withManifest(quickParts(), { backend: "slow" })), 403);
    expect(other.detail).toContain('"quick"');
    await problemOf(await call("/api/v1/tokens", { headers: { ...bearer(made.value), ...time() } }), 403);
    await problemOf(await submit(made.value, quickParts(), NOW + 15 * 60_000), 401);
    const vendor = await env.DB.prepare("SELECT verified_by FROM vendors").first();
    expect(vendor).toEqual({ verified_by: "repository:Acme/hv" });
    const kept = JSON.stringify((await env.DB.prepare("SELECT * FROM tokens").all()).results);
    expect(kept).not.toContain(made.value);
    const event = await env.DB.prepare("SELECT detail FROM events WHERE type = 'token.minted'").first<{
      detail: string;
    }>();
    expect(JSON.parse(event?.detail ?? "")).toMatchObject({ run_id: "7", sha: good.sha, actor_id: "9" });
  });

  it("proves the repository anew once all keys of the vendor have ended, so that it may add one", async () => {
    const day = 24 * 3_600_000;
    const until = (after: number) => ({ notBefore: "2026-11-22T00:00:00Z", notAfter: iso(NOW + after) });
    const add = (letter: string, at: number, after: number) =>
      postJson(
        "/api/v1/keys",
        { publicKey: btoa(letter.repeat(32)), ...until(after) },
        { ...bearer(token), ...time(at) },
      );
    const proofs = async () =>
      (await env.DB.prepare("SELECT count(*) AS n FROM events WHERE type = 'vendor.verified'").first<number>("n")) ?? 0;
    await minted();
    expect((await add("a", NOW, day)).status).toBe(201);
    await minted();
    expect(await proofs()).toBe(1);
    const later = NOW + day + 60_000;
    await problemOf(await add("b", later, 3 * day), 403);
    const seconds = later / 1000;
    expect((await offer(await sign({ iat: seconds, exp: seconds + 300 }), { at: later })).status).toBe(201);
    expect(await proofs()).toBe(2);
    expect((await add("b", later + 1000, 3 * day)).status).toBe(201);
  });

  it("records which claims decided nothing, and tells the operator of those that it does not know", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    await minted({ claims: { workflow: "Parley", repo_property_tier: "gold" } });
    expect(warned).not.toHaveBeenCalled();
    await minted({ claims: { sub: "repo:acme/hv", "new\nclaim": "x" } });
    expect(warned.mock.calls).toHaveLength(1);
    const line = String(warned.mock.calls[0]?.[0]);
    expect(line).not.toContain("\n");
    expect(JSON.parse(line)).toMatchObject({ claims: ["new\nclaim"] });
    const { results } = await env.DB.prepare("SELECT detail FROM events WHERE type = 'token.minted' ORDER BY id").all<{
      detail: string;
    }>();
    expect(results.map(({ detail }) => JSON.parse(detail).unchecked)).toEqual([
      ["workflow", "repo_property_tier"],
      ["sub", "new\nclaim"],
    ]);
  });

  it("lets a self-hosted runner submit, but attests to nothing", async () => {
    const { token: made } = await minted({ claims: { runner_environment: "self-hosted" } });
    await submit(made.value);
    expect(await env.DB.prepare("SELECT provenance FROM builds").first()).toEqual({ provenance: "token" });
  });

  it("takes each token once, also of two at the same time", async () => {
    const jwt = await sign();
    const both = await Promise.all([offer(jwt), offer(jwt)]);
    expect(both.map(({ status }) => status).sort()).toEqual([201, 401]);
    expect((await problemOf(await offer(jwt), 401)).detail).toContain("exchanged before");
    expect(await countRows("oidc_uses")).toBe(1);
  });

  it.each<[string, Signing, string]>([
    ["another issuer", { iss: "https://token.actions.githubusercontent.com" }, "iss"],
    ["another audience", { aud: "other" }, "aud"],
    ["two audiences", { aud: ["parley", "other"] }, "more than one audience"],
    ["a token that has expired", { iat: NOW / 1000 - 600, exp: NOW / 1000 - 31 }, "exp"],
    ["a token from ahead", { iat: NOW / 1000 + 120, exp: NOW / 1000 + 600 }, "iat"],
    ["an unknown key", { header: { alg: "RS256", kid: "k2" } }, "no key"],
    ["no key id", { header: { alg: "RS256" } }, "names no key"],
    ["HS256", { header: { alg: "HS256", kid: "k1" }, key: new Uint8Array(32) }, "HS256"],
    ["pull_request_target", { claims: { event_name: "pull_request_target" } }, "pull_request_target"],
    ["a missing claim", { claims: { repository_id: undefined } }, "repository_id"],
    ["an id that is a number", { claims: { repository_id: 2002 } }, "repository_id"],
    ["no jti", { claims: { jti: undefined } }, "jti"],
  ])("refuses %s", async (_, signing, detail) => {
    expect(await refused(await offer(await sign(signing)))).toContain(detail);
  });

  it("takes a token up to 30 s after its end", async () => {
    await minted({ iat: NOW / 1000 - 300, exp: NOW / 1000 - 29 });
  });

  it("refuses a foreign key's signature, alg none, a changed payload and what is no JWT", async () => {
    expect(await refused(await offer(await sign({ key: others.privateKey as CryptoKey })))).toContain("signature");
    const [, payload, signature] = (await sign()).split(".");
    const none = btoa('{"alg":"none","kid":"k1"}').replaceAll("=", "");
    expect(await refused(await offer(`${none}.${payload}.`))).toContain("none");
    expect(await refused(await offer(`${none}.${payload}.${signature}`))).toContain("none");
    const [head] = (await sign()).split(".");
    const forged = btoa(JSON.stringify({ ...good, iss: issuer, aud: "parley" })).replaceAll("=", "");
    expect(await refused(await offer(`${head}.${forged}.${signature}`))).toContain("verify");
    expect(await refused(await offer("a.b.c"))).toContain("compact form");
    expect(await refused(await offer("x".repeat(8193)))).toContain("8192");
  });

  it.each<[string, Record<string, string>]>([
    ["another repository id", { repository_id: "2003" }],
    ["another owner id", { repository_owner_id: "1002" }],
    ["another repository name", { repository: "acme/other" }],
    ["another workflow", { job_workflow_ref: "acme/hv/.github/workflows/other.yml@refs/heads/main" }],
    ["a workflow of another repository", { job_workflow_ref: "evil/hv/.github/workflows/parley.yml@refs/heads/main" }],
    ["a longer path", { job_workflow_ref: "x/acme/hv/.github/workflows/parley.yml@refs/heads/main" }],
    ["a workflow at another ref", { job_workflow_ref: "acme/hv/.github/workflows/parley.yml@refs/heads/dev" }],
  ])("has no publisher for %s", async (_, claims) => {
    expect(await refused(await offer(await sign({ claims })), 403)).toContain("publisher-unknown");
  });

  it("takes the workflow at the commit, and other letters' case in names", async () => {
    await minted({
      claims: { job_workflow_ref: `ACME/HV/.github/workflows/parley.yml@${good.sha}`, repository: "ACME/HV" },
    });
  });

  it("holds the environment, if one is registered, and the backend", async () => {
    const input = { ...publisher, backend: "other", environment: "release" };
    await postJson("/api/v1/publishers", input, { ...bearer(token), ...time() });
    expect(await refused(await offer(await sign(), { backend: "other" }), 403)).toContain("publisher-unknown");
    const other = await sign({ claims: { environment: "dev" } });
    expect(await refused(await offer(other, { backend: "other" }), 403)).toContain("publisher-unknown");
    expect(await refused(await offer(await sign(), { backend: "nothing" }), 403)).toContain("publisher-unknown");
    const right = await sign({ claims: { environment: "release" } });
    expect((await offer(right, { backend: "other" })).status).toBe(201);
  });
});

describe("keys of the issuer", () => {
  it("are fetched once, and for an unknown id at most once a minute; the old ones stay if that fails", async () => {
    const fetched = vi.mocked(globalThis.fetch);
    fetched.mockClear();
    const asked = () => fetched.mock.calls.filter(([address]) => address === `${issuer}/.well-known/jwks`).length;
    await minted();
    await minted();
    expect(asked()).toBe(1);
    const unknown = { header: { alg: "RS256", kid: "k2" } };
    await offer(await sign(unknown), { at: NOW + 59_000 });
    expect(asked()).toBe(1);
    fetched.mockImplementation(async () => new Response("down", { status: 500 }));
    await offer(await sign(unknown), { at: NOW + 60_000 });
    await offer(await sign(unknown), { at: NOW + 61_000 });
    expect(asked()).toBe(2);
    await minted();
  });

  it("that cannot be read make the exchange unavailable", async () => {
    vi.mocked(globalThis.fetch).mockImplementation(async () => new Response("x"));
    const response = await offer(await sign());
    expect(response.headers.get("Retry-After")).toBe("60");
    expect(await refused(response, 503)).toContain("unavailable");
  });
});

describe("publishers", () => {
  it("are listed, and revoked with the tokens minted for them", async () => {
    const { token: made } = await minted();
    const headers = { ...bearer(token), ...time() };
    const { publishers } = await jsonOf<{ publishers: { id: string }[] }>(
      await call("/api/v1/publishers", { headers }),
    );
    expect(publishers).toMatchObject([{ ...publisher, environment: null, revokedAt: null }]);
    const foreign = await registerVendor("acme");
    const path = `/api/v1/publishers/${publishers[0]?.id}/revoke`;
    await problemOf(await call(path, { method: "POST", headers: { ...bearer(foreign), ...time() } }), 404);
    expect((await call(path, { method: "POST", headers })).status).toBe(200);
    expect((await problemOf(await submit(made.value), 401)).detail).toContain("revoked");
    expect((await problemOf(await offer(await sign()), 403)).type).toMatch(/publisher-unknown$/);
    expect((await call("/api/v1/tokens", { headers })).status).toBe(200);
    const events = await env.DB.prepare("SELECT type, before, after FROM events WHERE subject = ? ORDER BY id")
      .bind(`token:${made.id}`)
      .all();
    expect(events.results).toEqual([
      { type: "token.minted", before: null, after: "submit" },
      { type: "token.revoked", before: "submit", after: "" },
    ]);
  });

  it.each([
    ["repositoryId", "02"],
    ["ownerId", "x"],
    ["repository", "acme"],
    ["workflow", "../x.yml"],
    ["backend", "A"],
  ])("refuse a wrong %s", async (name, value) => {
    const response = await postJson("/api/v1/publishers", { ...publisher, [name]: value }, bearer(token));
    expect((await problemOf(response, 422)).errors?.[0]?.pointer).toBe(`/${name}`);
  });

  it("are made by a token that manages alone", async () => {
    await problemOf(await postJson("/api/v1/publishers", publisher), 401);
    const { token: made } = await minted();
    await problemOf(await postJson("/api/v1/publishers", publisher, { ...bearer(made.value), ...time() }), 403);
  });
});
