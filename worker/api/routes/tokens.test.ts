import { env, SELF } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { buildRequest, builtParts } from "../../test/builds.ts";
import { bearer, call, jsonOf, postJson, problemOf, registerVendor } from "../../test/requests.ts";

interface Made {
  token: { id: string; value: string; scopes: string[]; expiresAt: string | null };
}

const NOW = "2026-11-22T09:30:00Z";
const at = (time: string) => ({ "X-Parley-Now": time });
let manager: string;

beforeEach(async () => {
  manager = await registerVendor("parley");
});

async function make(input: object, token = manager): Promise<Made["token"]> {
  const response = await postJson("/api/v1/tokens", input, { ...bearer(token), ...at(NOW) });
  expect(response.status).toBe(201);
  return (await jsonOf<Made>(response)).token;
}

function list(token: string, time = NOW): Promise<Response> {
  return call("/api/v1/tokens", { headers: { ...bearer(token), ...at(time) } });
}

function revoke(id: string, token = manager): Promise<Response> {
  return call(`/api/v1/tokens/${id}/revoke`, { method: "POST", headers: { ...bearer(token), ...at(NOW) } });
}

async function submitWith(token: string): Promise<Response> {
  return SELF.fetch(await buildRequest(builtParts("native"), token));
}

describe("tokens", () => {
  it("are made with chosen scopes, listed without value, with last use", async () => {
    const made = await make({ scopes: ["submit"], expiresAt: "2026-12-31T00:00:00Z" });
    expect(made.value).toMatch(/^parley_[0-9A-Za-z]{38}$/);
    expect((await submitWith(made.value)).status).toBe(202);
    const text = await (await list(manager)).text();
    expect(text).not.toContain(made.value);
    const { tokens } = JSON.parse(text) as { tokens: Record<string, unknown>[] };
    expect(tokens).toHaveLength(2);
    expect(tokens.find(({ id }) => id === made.id)).toEqual({
      id: made.id,
      scopes: ["submit"],
      createdAt: NOW,
      expiresAt: "2026-12-31T00:00:00Z",
      revokedAt: null,
      lastUsedAt: expect.any(String),
    });
    const kept = JSON.stringify((await env.DB.prepare("SELECT * FROM tokens").all()).results);
    expect(kept).not.toContain(made.value);
  });

  it("do only what their scopes say", async () => {
    const submitter = await make({ scopes: ["submit"] });
    expect((await problemOf(await list(submitter.value), 403)).detail).toContain('"manage"');
    const { value } = await make({ scopes: ["manage"] });
    expect((await problemOf(await submitWith(value), 403)).detail).toContain('"submit"');
    const refused = await postJson("/api/v1/tokens", { scopes: ["submit"] }, bearer(value));
    expect((await problemOf(refused, 403)).detail).toContain('"submit"');
  });

  it("expire, and never outlive the one that made them", async () => {
    const short = await make({ scopes: ["manage"], expiresAt: "2026-11-22T10:00:00Z" });
    const child = await make({ scopes: ["manage"], expiresAt: "2027-11-22T10:00:00Z" }, short.value);
    expect(child.expiresAt).toBe("2026-11-22T10:00:00Z");
    expect((await list(child.value, "2026-11-22T09:59:59Z")).status).toBe(200);
    expect((await problemOf(await list(child.value, "2026-11-22T10:00:00Z"), 401)).detail).toContain("expired");
  });

  it("are revoked at once, with one event, and stay revoked", async () => {
    const { id, value } = await make({ scopes: ["submit", "manage"] });
    expect((await list(value)).status).toBe(200);
    expect(await (await revoke(id)).json()).toMatchObject({ token: { id, revokedAt: NOW } });
    expect((await problemOf(await list(value), 401)).detail).toContain("revoked");
    expect((await problemOf(await submitWith(value), 401)).detail).toContain("revoked");
    expect((await revoke(id)).status).toBe(200);
    const { results } = await env.DB.prepare("SELECT actor, subject FROM events WHERE type = 'token.revoked'").all();
    expect(results).toEqual([{ actor: "vendor:parley", subject: `token:${id}` }]);
  });

  it("of another vendor are neither shown nor revoked", async () => {
    const { id, value } = await make({ scopes: ["manage"] });
    const foreign = await registerVendor("acme");
    await problemOf(await revoke(id, foreign), 404);
    expect(await (await list(foreign)).text()).not.toContain(id);
    expect((await list(value)).status).toBe(200);
  });

  it.each([
    ["no scope", { scopes: [] }, "/scopes"],
    ["an unknown scope", { scopes: ["admin"] }, "/scopes/0"],
    ["an end that has passed", { scopes: ["submit"], expiresAt: NOW }, "/expiresAt"],
    ["an unknown key", { scopes: ["submit"], vendor: "acme" }, ""],
  ])("are not made with %s", async (_, input, pointer) => {
    const response = await postJson("/api/v1/tokens", input, { ...bearer(manager), ...at(NOW) });
    expect((await problemOf(response, 422)).errors?.[0]?.pointer).toBe(pointer);
  });

  it("are needed on every route that manages them", async () => {
    await problemOf(await call("/api/v1/tokens"), 401);
    await problemOf(await postJson("/api/v1/tokens", { scopes: ["submit"] }), 401);
    await problemOf(await call("/api/v1/tokens/x/revoke", { method: "POST" }), 401);
    await problemOf(await call("/api/v1/tokens", { headers: bearer(env.MEDIATOR_TOKEN) }), 401);
  });
});
