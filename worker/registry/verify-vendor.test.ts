import { env } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { bearer, call, jsonOf, postJson, problemOf, registerVendor } from "../test/requests.ts";

let token: string;

beforeEach(async () => {
  token = await registerVendor("acme");
});

afterEach(() => vi.restoreAllMocks());

/** What the domain answers to the registry. */
function serve(answer: () => Response) {
  return vi.spyOn(globalThis, "fetch").mockImplementation(async () => answer());
}

function prove(domain: string, as = token): Promise<Response> {
  return postJson("/api/v1/domain-proofs", { domain }, { ...bearer(as), "X-Parley-Now": "2026-11-22T09:30:00Z" });
}

async function lineFor(domain: string, as = token): Promise<string> {
  serve(() => new Response("nothing"));
  const { detail } = await problemOf(await prove(domain, as), 422);
  return /parley-vendor=\S+$/.exec(detail)?.[0] ?? "";
}

async function verifiedBy(slug: string) {
  const row = await env.DB.prepare("SELECT verified_at, verified_by FROM vendors WHERE slug = ?").bind(slug).first();
  return row ? [row.verified_at, row.verified_by] : null;
}

describe("proof of a domain", () => {
  it("says which line is missing where, and takes it once it is served", async () => {
    const line = await lineFor("acme.org");
    expect(line).toMatch(/^parley-vendor=acme:[0-9a-f]{32}$/);
    expect(await verifiedBy("acme")).toEqual([null, null]);
    const fetched = serve(() => new Response(`# ours\r\n${line}\r\n`));
    const response = await prove("acme.org");
    expect(await response.json()).toEqual({ vendor: "acme", verifiedBy: "domain:acme.org" });
    expect(fetched.mock.lastCall?.[0]).toBe("https://acme.org/.well-known/parley-vendor");
    expect(await verifiedBy("acme")).toEqual([Date.parse("2026-11-22T09:30:00Z"), "domain:acme.org"]);
    const event = await env.DB.prepare("SELECT actor, after FROM events WHERE type = 'vendor.verified'").first();
    expect(event).toEqual({ actor: "vendor:acme", after: "domain:acme.org" });
  });

  it("is good for one vendor and one domain", async () => {
    const line = await lineFor("acme.org");
    const other = await registerVendor("other");
    serve(() => new Response(line));
    await problemOf(await prove("acme.org", other), 422);
    await problemOf(await prove("www.acme.org"), 422);
    expect(await verifiedBy("other")).toEqual([null, null]);
  });

  it.each([
    ["a redirect", () => new Response(null, { status: 302, headers: { Location: "https://acme.org/x" } })],
    ["a page that is missing", () => new Response("no", { status: 404 })],
    ["a file that is too long", () => new Response("x".repeat(5000))],
    [
      "a connection that fails",
      () => {
        throw new TypeError("connection refused");
      },
    ],
  ])("does not take %s", async (_, answer) => {
    serve(answer);
    expect((await problemOf(await prove("acme.org"), 422)).type).toMatch(/proof-missing$/);
  });

  it.each([
    "127.0.0.1",
    "2130706433",
    "localhost",
    "printer.local",
    "acme.org:8443",
    "user@acme.org",
    "acme.org/x?",
    "[::1]",
    "ACME.org",
    "acme.org#",
  ])("never fetches %s", async (domain) => {
    const fetched = serve(() => new Response(""));
    await problemOf(await prove(domain), 400);
    expect(fetched).not.toHaveBeenCalled();
  });

  it("needs a token that manages", async () => {
    await problemOf(await postJson("/api/v1/domain-proofs", { domain: "acme.org" }), 401);
    const made = await postJson("/api/v1/tokens", { scopes: ["submit"] }, bearer(token));
    const { token: submitter } = await jsonOf<{ token: { value: string } }>(made);
    await problemOf(await prove("acme.org", submitter.value), 403);
  });
});

describe("verification by the mediator", () => {
  const verify = (slug: string, headers: Record<string, string>) =>
    call(`/api/v1/vendors/${slug}/verify`, { method: "POST", headers });

  it("needs the mediator's token and a vendor that exists", async () => {
    await problemOf(await verify("acme", {}), 401);
    await problemOf(await verify("acme", bearer(token)), 403);
    await problemOf(await verify("nobody", bearer(env.MEDIATOR_TOKEN)), 404);
    expect(await verifiedBy("acme")).toEqual([null, null]);
    expect((await verify("acme", bearer(env.MEDIATOR_TOKEN))).status).toBe(200);
    expect(await verifiedBy("acme")).toEqual([expect.any(Number), "mediator"]);
  });
});
