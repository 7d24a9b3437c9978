import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { newToken } from "../../identity/token.ts";
import { bearer, call, countRows, jsonOf, type ProblemBody, postJson, problemOf } from "../../test/requests.ts";

const mediator = bearer(env.MEDIATOR_TOKEN);
const acme = { slug: "acme", name: "Acme" };

async function refused(response: Response): Promise<ProblemBody> {
  const problem = await problemOf(response, response.status);
  expect(await countRows("vendors", "tokens", "events")).toBe(0);
  return problem;
}

describe("POST /api/v1/vendors", () => {
  it("registers a vendor and shows its token once; only its hash is kept", async () => {
    const response = await postJson("/api/v1/vendors", acme, mediator);
    expect(response.status).toBe(201);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    const { vendor, token } = await jsonOf<{ vendor: object; token: { id: string; value: string; scopes: string[] } }>(
      response,
    );
    expect(vendor).toEqual(acme);
    expect(token.scopes).toEqual(["submit", "positions", "manage"]);
    const rows = JSON.stringify((await env.DB.prepare("SELECT * FROM tokens").all()).results);
    expect(rows).not.toContain(token.value);
    expect(rows).toContain(token.id);
    const events = await env.DB.prepare("SELECT type, actor, subject FROM events ORDER BY id").all();
    expect(events.results).toEqual([
      { type: "vendor.registered", actor: "mediator", subject: "vendor:acme" },
      { type: "token.created", actor: "mediator", subject: `token:${token.id}` },
    ]);
  });

  it("is open to anybody, but for the names of the project itself", async () => {
    const response = await postJson("/api/v1/vendors", acme);
    expect(response.status).toBe(201);
    const row = await env.DB.prepare("SELECT verified_at FROM vendors WHERE slug = 'acme'").first();
    expect(row).toEqual({ verified_at: null });
    const event = await env.DB.prepare("SELECT actor FROM events WHERE type = 'vendor.registered'").first();
    expect(event).toEqual({ actor: "anybody" });
    await problemOf(await postJson("/api/v1/vendors", { slug: "parley", name: "Not us" }), 403);
    expect(await countRows("vendors")).toBe(1);
  });

  it("refuses a name that is taken, and changes nothing", async () => {
    await postJson("/api/v1/vendors", acme, mediator);
    const response = await postJson("/api/v1/vendors", { ...acme, name: "Other" }, mediator);
    expect(response.status).toBe(409);
    expect(await countRows("vendors", "tokens")).toBe(2);
  });

  it.each([
    ["another scheme", { Authorization: "Basic abc" }, 401],
    ["a token with a wrong checksum", bearer(`parley_${"0".repeat(38)}`), 401],
    ["a good token that is not the mediator's", bearer(newToken()), 403],
  ])("refuses %s", async (_, headers, status) => {
    const response = await postJson("/api/v1/vendors", acme, headers);
    expect(response.status).toBe(status);
    if (status === 401) expect(response.headers.get("WWW-Authenticate")).toMatch(/^Bearer/);
    await refused(response);
  });

  it.each([
    ["a slug of other letters", { slug: "Acme!", name: "A" }, "/slug"],
    ["a slug that an address needs", { slug: "build", name: "A" }, "/slug"],
    ["no name", { slug: "acme" }, "/name"],
    ["a name with a line feed", { slug: "acme", name: "a\nb" }, "/name"],
    ["an unknown key", { ...acme, verified: true }, ""],
  ])("refuses %s with a pointer", async (_, body, pointer) => {
    const response = await postJson("/api/v1/vendors", body, mediator);
    expect(response.status).toBe(422);
    expect((await refused(response)).errors?.map((error) => error.pointer)).toContain(pointer);
  });

  it("refuses bodies before it reads them", async () => {
    const init = { method: "POST", headers: { ...mediator, "Content-Type": "application/json" } };
    expect((await refused(await postJson("/api/v1/vendors", "{", mediator))).type).toMatch(
      /\/problems\/malformed-request$/,
    );
    const plain = { ...init, body: "{}", headers: { ...init.headers, "Content-Type": "text/plain" } };
    expect((await refused(await call("/api/v1/vendors", plain))).status).toBe(415);
    const large = { ...init, body: JSON.stringify({ ...acme, name: "x".repeat(17_000) }) };
    expect((await refused(await call("/api/v1/vendors", large))).status).toBe(413);
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode("{}"));
        controller.close();
      },
    });
    expect((await refused(await call("/api/v1/vendors", { ...init, body: stream }))).status).toBe(411);
  });
});
