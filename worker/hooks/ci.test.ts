import { env } from "cloudflare:test";
import { Webhook } from "standardwebhooks";
import { beforeEach, describe, expect, it } from "vitest";
import { DELIVERY_KEPT_MS } from "../limits.ts";
import { sweep } from "../pipeline/sweeper.ts";
import { builtParts, inlineParts, withManifest } from "../test/builds.ts";
import { bearer, call, countRows, jsonOf, postJson, problemOf, registerVendor } from "../test/requests.ts";

interface Hook {
  hook: { id: string; kind: string; url: string };
  secret: string;
}

const NOW = "2026-11-22T09:30:00Z";
let token: string;
let hook: Hook;

beforeEach(async () => {
  token = await registerVendor("parley");
  hook = await jsonOf<Hook>(await postJson("/api/v1/hooks", { kind: "ci" }, bearer(token)));
});

interface Signing {
  id?: string;
  at?: string;
  secret?: string;
  /** What is sent, if it is not what was signed. */
  sent?: string;
  path?: string;
}

/** Sends a message as a CI job does, with the reference library's signature. */
function send(
  message: unknown,
  { id = "msg_1", at = NOW, secret = hook.secret, sent, path }: Signing = {},
): Promise<Response> {
  const body = typeof message === "string" ? message : JSON.stringify(message);
  const signed = new Date(at);
  const headers = {
    "X-Parley-Now": NOW,
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(signed.getTime() / 1000)),
    "webhook-signature": new Webhook(secret).sign(id, signed, body),
  };
  return postJson(path ?? new URL(hook.hook.url).pathname, sent ?? body, headers);
}

async function messageOf(data: unknown) {
  return { type: "build.submitted", timestamp: NOW, data };
}

async function nativeMessage(change: Record<string, unknown> = {}) {
  return messageOf(await inlineParts(withManifest(builtParts("native"), change)));
}

/** Nothing half stored: no row, no blob. */
async function expectNothingStored(): Promise<void> {
  expect(await countRows("builds", "runs", "backends", "deliveries", "shards")).toBe(0);
  // A run of an earlier test may still write its shards.
  expect((await env.BLOBS.list({ prefix: "blobs/" })).objects).toEqual([]);
}

describe("POST /api/v1/hooks", () => {
  it("shows a secret once and keeps it sealed", async () => {
    expect(hook.hook.url).toBe(`http://registry.test/hooks/ci/${hook.hook.id}`);
    expect(hook.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const row = await env.DB.prepare("SELECT sealed FROM hook_secrets").first<{ sealed: string }>();
    expect(row?.sealed).not.toContain(hook.secret.slice(6, 20));
    expect(await countRows("hooks")).toBe(1);
  });

  it("needs a token, and a kind that exists", async () => {
    await problemOf(await postJson("/api/v1/hooks", { kind: "ci" }), 401);
    await problemOf(await postJson("/api/v1/hooks", { kind: "other" }, bearer(token)), 422);
  });
});

describe("POST /hooks/ci/{id}", () => {
  it("takes a signed build in, and refuses the same message a second time", async () => {
    const message = await nativeMessage();
    const response = await send(message);
    expect(response.status).toBe(202);
    const { build, run } = await jsonOf<{ build: { digest: string }; run: { id: string; url: string } }>(response);
    expect(build.digest).toMatch(/^sha256:/);
    expect(run.url).toBe(`http://registry.test/api/v1/runs/${run.id}`);
    expect((await problemOf(await send(message), 409)).type).toMatch(/replayed$/);
    const again = await send(message, { id: "msg_2" });
    expect(again.status).toBe(202);
    expect(await again.json()).toMatchObject({ run: { id: run.id }, created: false });
    expect(await countRows("runs")).toBe(1);
  });

  it("keeps message ids for three days", async () => {
    await send(await nativeMessage());
    const taken = Date.parse(NOW);
    await sweep(env, taken + DELIVERY_KEPT_MS - 1);
    expect(await countRows("deliveries")).toBe(1);
    await sweep(env, taken + DELIVERY_KEPT_MS);
    expect(await countRows("deliveries")).toBe(0);
  });

  it.each<[string, Signing, string]>([
    ["a wrong secret", { secret: `whsec_${btoa("x".repeat(32))}` }, "signature-invalid"],
    ["a message from six minutes ago", { at: "2026-11-22T09:24:00Z" }, "signature-stale"],
    ["a message from six minutes ahead", { at: "2026-11-22T09:36:00Z" }, "signature-stale"],
  ])("refuses %s", async (_, signing, code) => {
    const problem = await problemOf(await send(await nativeMessage(), signing), 401);
    expect(problem.type).toMatch(new RegExp(`${code}$`));
    await expectNothingStored();
  });

  it("refuses a body written anew: the raw bytes count", async () => {
    const message = await nativeMessage();
    const problem = await problemOf(await send(message, { sent: JSON.stringify(message, null, 1) }), 401);
    expect(problem.type).toMatch(/signature-invalid$/);
    await expectNothingStored();
  });

  it("refuses unknown hooks, missing headers, and other media types", async () => {
    await problemOf(await send(await nativeMessage(), { path: "/hooks/ci/unknown" }), 404);
    const path = new URL(hook.hook.url).pathname;
    await problemOf(await postJson(path, await nativeMessage()), 400);
    await problemOf(await call(path, { method: "POST", body: "x", headers: { "Content-Type": "text/plain" } }), 415);
    await expectNothingStored();
  });

  it("refuses a digest that does not match, naming the part and both digests", async () => {
    const parts = await inlineParts(builtParts("native"));
    const guest = { digest: `sha256:${"0".repeat(64)}`, base64: parts.guest?.base64 };
    const problem = await problemOf(await send(await messageOf({ ...parts, guest })), 422);
    expect(problem.type).toMatch(/digest-mismatch$/);
    expect(problem.detail).toContain("0".repeat(64));
    expect(problem.errors?.[0]?.pointer).toBe("/data/guest/digest");
    await expectNothingStored();
  });

  it.each<[string, unknown, number]>([
    ["what is not JSON", "{", 400],
    ["another type", { type: "other", timestamp: NOW, data: {} }, 422],
    ["a message without manifest", { type: "build.submitted", timestamp: NOW, data: {} }, 422],
    [
      "a part that is not base64",
      {
        type: "build.submitted",
        timestamp: NOW,
        data: { manifest: { digest: `sha256:${"0".repeat(64)}`, base64: "a b" } },
      },
      400,
    ],
  ])("refuses %s, and the message may be sent again", async (_, message, status) => {
    await problemOf(await send(message), status);
    await expectNothingStored();
  });

  it("refuses a build of another vendor, and one that is broken", async () => {
    await problemOf(await send(await nativeMessage({ vendor: "other" })), 403);
    await problemOf(await send(await nativeMessage({ colour: 1 })), 422);
    await expectNothingStored();
  });

  it("refuses a part above its limit", async () => {
    const parts = { ...builtParts("native"), rom: new Uint8Array(256 * 1024 + 1) };
    const problem = await problemOf(await send(await messageOf(await inlineParts(parts))), 413);
    expect(problem.detail).toContain("262144");
    await expectNothingStored();
  });
});
