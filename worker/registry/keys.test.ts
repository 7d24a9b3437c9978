import { env } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { toBase64 } from "../identity/encoding.ts";
import { bearer, call, jsonOf, postJson, problemOf, registerVendor } from "../test/requests.ts";
import type { KeyView } from "./views.ts";

const T0 = Date.parse("2026-11-22T09:30:00Z");
const times = { notBefore: "2026-11-22T00:00:00Z", notAfter: "2027-11-22T00:00:00Z" };
let token: string;

beforeEach(async () => {
  token = await registerVendor("acme");
});

async function newPair() {
  const pair = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
  const raw = (await crypto.subtle.exportKey("raw", pair.publicKey)) as ArrayBuffer;
  return { privateKey: pair.privateKey, publicKey: toBase64(new Uint8Array(raw)) };
}

async function sign(privateKey: CryptoKey, publicKey: string, vendor = "acme", over: object = times): Promise<string> {
  const { notBefore, notAfter } = { ...times, ...over };
  const text = `parley-key-v1\n${vendor}\n${publicKey}\n${notBefore}\n${notAfter}\n`;
  return toBase64(new Uint8Array(await crypto.subtle.sign("Ed25519", privateKey, new TextEncoder().encode(text))));
}

function post(path: string, input: object, { as = token, at = T0 } = {}): Promise<Response> {
  return postJson(path, input, { ...bearer(as), "X-Parley-Now": new Date(at).toISOString() });
}

async function added(response: Response): Promise<KeyView> {
  expect(response.status).toBe(201);
  return (await jsonOf<{ key: KeyView }>(response)).key;
}

describe("keys of a vendor", () => {
  it("follow each other by signature, and are public", async () => {
    const [first, second] = [await newPair(), await newPair()];
    const one = await added(await post("/api/v1/keys", { publicKey: first.publicKey, ...times }));
    expect(one.signedBy).toBeNull();
    await problemOf(await post("/api/v1/keys", { publicKey: second.publicKey, ...times }), 403);
    const signature = { key: one.id, value: await sign(first.privateKey, second.publicKey) };
    const two = await added(await post("/api/v1/keys", { publicKey: second.publicKey, ...times, signature }));
    expect(two.signedBy).toBe(one.id);
    const { keys } = await jsonOf<{ keys: KeyView[] }>(await call("/api/v1/vendors/acme/keys"));
    expect(keys.map(({ id }) => id).sort()).toEqual([one.id, two.id].sort());
    await problemOf(await post("/api/v1/keys", { publicKey: second.publicKey, ...times, signature }), 409);
  });

  it("refuse signatures of other keys, vendors, times, and of keys that have ended", async () => {
    const [first, second] = [await newPair(), await newPair()];
    const one = await added(await post("/api/v1/keys", { publicKey: first.publicKey, ...times }));
    const { publicKey } = second;
    const offer = (value: string, at = T0) =>
      post(
        "/api/v1/keys",
        { publicKey, ...times, notAfter: "2029-01-01T00:00:00Z", signature: { key: one.id, value } },
        { at },
      );
    const over = { notAfter: "2029-01-01T00:00:00Z" };
    await problemOf(await offer(await sign(second.privateKey, publicKey, "acme", over)), 403);
    await problemOf(await offer(await sign(first.privateKey, publicKey, "other", over)), 403);
    await problemOf(await offer(await sign(first.privateKey, publicKey)), 403);
    const good = await sign(first.privateKey, publicKey, "acme", over);
    await problemOf(await offer(good, Date.parse(times.notAfter)), 403);
    const foreign = await registerVendor("other");
    const revoke = (as: string) => post(`/api/v1/keys/${one.id}/revoke`, { reason: "compromised" }, { as });
    await problemOf(await revoke(foreign), 404);
    expect((await revoke(token)).status).toBe(200);
    await problemOf(await offer(good), 403);
    const { results } = await env.DB.prepare("SELECT type, after FROM events WHERE type = 'key.revoked'").all();
    expect(results).toEqual([{ type: "key.revoked", after: "compromised" }]);
  });

  it("begin anew only after a new proof, once none is valid", async () => {
    const [first, second] = [await newPair(), await newPair()];
    const one = await added(await post("/api/v1/keys", { publicKey: first.publicKey, ...times }));
    const again = () => post("/api/v1/keys", { publicKey: second.publicKey, ...times });
    const verify = { ...bearer(env.MEDIATOR_TOKEN), "X-Parley-Now": new Date(T0 + 1000).toISOString() };
    await call("/api/v1/vendors/acme/verify", { method: "POST", headers: verify });
    await problemOf(await again(), 403);
    await post(`/api/v1/keys/${one.id}/revoke`, { reason: "compromised" }, { at: T0 + 2000 });
    // Whoever has the key may have made that proof too.
    await problemOf(await again(), 403);
    await env.DB.prepare("UPDATE vendors SET verified_at = ?")
      .bind(T0 + 2001)
      .run();
    expect((await added(await again())).signedBy).toBeNull();
  });

  it.each([
    ["publicKey", "abc"],
    ["notAfter", "2026-11-22T00:00:00Z"],
    ["notBefore", "yesterday"],
  ])("refuse a wrong %s", async (name, value) => {
    const { publicKey } = await newPair();
    const problem = await problemOf(await post("/api/v1/keys", { publicKey, ...times, [name]: value }), 422);
    expect(problem.errors?.[0]?.pointer).toBe(`/${name}`);
  });
});
