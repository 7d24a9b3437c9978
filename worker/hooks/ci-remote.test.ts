import { env } from "cloudflare:test";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { BuildParts } from "../../conformance/runner/types.ts";
import { QUOTAS } from "../limits.ts";
import { inlineParts, quickParts } from "../test/builds.ts";
import { bearer, call, countRows, jsonOf, postJson, problemOf, registerVendor } from "../test/requests.ts";

interface Hook {
  hook: { id: string; url: string };
  secret: string;
}

const NOW = Date.parse("2026-11-22T09:30:00Z");
const DAY = 24 * 3_600_000;
let token: string;
let hook: Hook;
let sent = 0;
let sentBytes = 0;

beforeEach(async () => {
  token = await registerVendor("parley");
  hook = await jsonOf<Hook>(await postJson("/api/v1/hooks", { kind: "ci", hosts: ["builds.acme.org"] }, bearer(token)));
});

afterEach(() => vi.restoreAllMocks());

function send(data: unknown, { secret = hook.secret, at = NOW } = {}): Promise<Response> {
  const body = JSON.stringify({ type: "build.submitted", timestamp: new Date(at).toISOString(), data });
  const id = `msg_${sent++}`;
  sentBytes = new TextEncoder().encode(body).length;
  const headers = {
    "X-Parley-Now": new Date(at).toISOString(),
    "webhook-id": id,
    "webhook-timestamp": String(at / 1000),
    "webhook-signature": new Webhook(secret).sign(id, new Date(at), body),
  };
  return postJson(`/hooks/ci/${hook.hook.id}`, body, headers);
}

async function remote(url: string, parts: BuildParts = quickParts()) {
  const inline = await inlineParts(parts);
  return { ...inline, guest: { digest: inline.guest?.digest, url } };
}

function manage(verb: string, { as = token, at = NOW } = {}): Promise<Response> {
  const headers = { ...bearer(as), "X-Parley-Now": new Date(at).toISOString() };
  return call(`/api/v1/hooks/${hook.hook.id}/${verb}`, { method: "POST", headers });
}

const guest = () => new Response(quickParts().guest as Uint8Array<ArrayBuffer>);

describe("parts by address", () => {
  it("are fetched from an allowed host, without credentials, and held against their digest", async () => {
    const fetched = vi.spyOn(globalThis, "fetch").mockImplementation(async () => guest());
    const response = await send(await remote("https://builds.acme.org/1/guest.wasm"));
    expect(response.status).toBe(202);
    expect(fetched).toHaveBeenCalledOnce();
    const used = await env.DB.prepare("SELECT used FROM quota_use WHERE quota = 'bytes'").first<number>("used");
    const size = quickParts().guest?.length ?? 0;
    expect(used).toBe(sentBytes + size);
    expect(response.headers.get("RateLimit")).toContain(`"bytes";r=${QUOTAS.bytes.max - sentBytes - size};`);
    expect(fetched.mock.lastCall?.[1]).toMatchObject({
      redirect: "manual",
      headers: { "User-Agent": "parley-registry" },
    });
    vi.spyOn(globalThis, "fetch").mockImplementation(async () => new Response("other bytes"));
    const problem = await problemOf(await send(await remote("https://builds.acme.org/1/guest.wasm")), 422);
    expect(problem.type).toMatch(/digest-mismatch$/);
    expect(await countRows("builds")).toBe(1);
  });

  it.each([
    "https://other.acme.org/guest.wasm",
    "https://builds.acme.org.evil.net/guest.wasm",
    "http://builds.acme.org/guest.wasm",
    "https://builds.acme.org:8443/guest.wasm",
    "https://user:word@builds.acme.org/guest.wasm",
    "https://127.0.0.1/guest.wasm",
    "https://2130706433/guest.wasm",
    "https://10.1.2.3/guest.wasm",
    "https://169.254.169.254/latest/meta-data",
    "https://[::1]/guest.wasm",
    "https://[::ffff:10.0.0.1]/guest.wasm",
    "https://[fe80::1]/guest.wasm",
    "https://localhost/guest.wasm",
    "file:///etc/passwd",
  ])("are not fetched from %s", async (url) => {
    const fetched = vi.spyOn(globalThis, "fetch").mockImplementation(async () => guest());
    expect((await problemOf(await send(await remote(url)), 422)).type).toMatch(/host-not-allowed$/);
    expect(fetched).not.toHaveBeenCalled();
    expect(await countRows("builds", "deliveries")).toBe(0);
  });

  it.each([
    ["a redirect", () => new Response(null, { status: 302, headers: { Location: "https://10.0.0.1/" } })],
    ["a missing file", () => new Response("no", { status: 404 })],
    ["a file above the limit of its part", () => new Response(new Uint8Array((1 << 20) + 1))],
    [
      "a body that breaks off",
      () => new Response(new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) })),
    ],
  ])("are refused for %s, and the build may be sent again", async (_, answer) => {
    vi.spyOn(globalThis, "fetch").mockImplementation(async () => answer());
    const problem = await problemOf(await send(await remote("https://builds.acme.org/guest.wasm")), 422);
    expect(problem.type).toMatch(/fetch-failed$/);
    expect(await countRows("builds", "deliveries")).toBe(0);
  });

  it.each(["127.0.0.1", "localhost", "*.acme.org", "acme.org/x", "acme.org:80", "ACME.org", "a@acme.org"])(
    "cannot be allowed from %s",
    async (host) => {
      const response = await postJson("/api/v1/hooks", { kind: "ci", hosts: [host] }, bearer(token));
      expect((await problemOf(response, 422)).errors?.[0]?.pointer).toBe("/hosts/0");
    },
  );
});

describe("rotation of a hook's secret", () => {
  it("takes both secrets for a day, then the new one alone", async () => {
    const response = await manage("rotate");
    const rotated = await jsonOf<{ secret: string; previousUntil: string }>(response);
    expect(rotated.previousUntil).toBe("2026-11-23T09:30:00Z");
    const data = await inlineParts(quickParts());
    expect((await send(data)).status).toBe(202);
    expect((await send(data, { secret: rotated.secret })).status).toBe(202);
    expect((await send(data, { at: NOW + DAY - 1000 })).status).toBe(202);
    await problemOf(await send(data, { at: NOW + DAY }), 401);
    expect((await send(data, { secret: rotated.secret, at: NOW + DAY })).status).toBe(202);
  });

  it("leaves never more than two secrets valid", async () => {
    const second = await jsonOf<{ secret: string }>(await manage("rotate"));
    const third = await jsonOf<{ secret: string }>(await manage("rotate", { at: NOW + 1000 }));
    const data = await inlineParts(quickParts());
    await problemOf(await send(data, { at: NOW + 2000 }), 401);
    expect((await send(data, { secret: second.secret, at: NOW + 2000 })).status).toBe(202);
    expect((await send(data, { secret: third.secret, at: NOW + 2000 })).status).toBe(202);
  });

  it("and revocation are the hook's vendor's alone", async () => {
    const foreign = await registerVendor("acme");
    await problemOf(await manage("rotate", { as: foreign }), 404);
    await problemOf(await manage("revoke", { as: foreign }), 404);
    expect(await countRows("hook_secrets")).toBe(1);
    expect((await manage("revoke")).status).toBe(200);
    expect((await manage("revoke")).status).toBe(200);
    await problemOf(await send(await inlineParts(quickParts())), 404);
    const { results } = await env.DB.prepare("SELECT type FROM events WHERE subject LIKE 'hook:%' ORDER BY id").all();
    expect(results.map(({ type }) => type)).toEqual(["hook.created", "hook.revoked"]);
  });
});
