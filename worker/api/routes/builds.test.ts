import { env, SELF } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { newToken } from "../../identity/token.ts";
import { buildRequest, builtParts, formOf, multipart, withManifest } from "../../test/builds.ts";
import { bearer, call, countRows, jsonOf, type ProblemBody, problemOf, registerVendor } from "../../test/requests.ts";

interface Answer {
  build: { digest: string };
  run: { id: string; url: string; state: string };
  created: boolean;
}

async function expectNothingStored(): Promise<void> {
  expect(await countRows("builds", "runs", "backends", "shards")).toBe(0);
  // A run of an earlier test may still write its shards.
  expect((await env.BLOBS.list({ prefix: "blobs/" })).objects).toEqual([]);
}

/** Submits what must be refused. */
async function refusedParts(change: object, status: number): Promise<ProblemBody> {
  const token = await registerVendor("parley");
  const parts = { ...builtParts("kvm"), ...change };
  const problem = await problemOf(await SELF.fetch(await buildRequest(parts, token)), status);
  await problemOf(await SELF.fetch(await multipart("/api/v1/validate", formOf(parts))), status);
  await expectNothingStored();
  return problem;
}

describe("POST /api/v1/builds", () => {
  it("stores a build by digest and answers with its run; a second time with the same run", async () => {
    const token = await registerVendor("parley");
    const parts = builtParts("kvm");
    const response = await SELF.fetch(await buildRequest(parts, token));
    expect(response.status).toBe(202);
    const answer = await jsonOf<Answer>(response);
    expect(answer).toMatchObject({ created: true, run: { url: `http://registry.test/api/v1/runs/${answer.run.id}` } });
    expect(response.headers.get("Location")).toBe(answer.run.url);
    const build = await jsonOf<Record<string, unknown>>(await call(`/api/v1/builds/${answer.build.digest}`));
    expect(build).toMatchObject({
      vendor: "parley",
      backend: "kvm",
      unverified: true,
      guest: { sizeBytes: parts.guest?.length },
    });
    const again = await jsonOf<Answer>(await SELF.fetch(await buildRequest(parts, token)));
    expect(again).toMatchObject({ created: false, run: { id: answer.run.id } });
    expect(await countRows("runs")).toBe(1);
  });

  it("makes one run of two submissions at once", async () => {
    const token = await registerVendor("parley");
    const requests = await Promise.all([1, 2, 3].map(() => buildRequest(builtParts("native"), token)));
    const answers = await Promise.all(requests.map(async (request) => jsonOf<Answer>(await SELF.fetch(request))));
    expect(new Set(answers.map(({ run }) => run.id)).size).toBe(1);
    expect(await countRows("runs")).toBe(1);
    const { results } = await env.DB.prepare(
      "SELECT type FROM events WHERE type IN ('run.received', 'build.received')",
    ).all();
    expect(results).toHaveLength(2);
  });

  it.each<[string, (good: string) => Record<string, string>, number]>([
    ["no token", () => ({}), 401],
    ["an unknown token", () => bearer(newToken()), 401],
    ["a malformed token", (good) => bearer(good.slice(0, -1)), 401],
    ["a token with a typing error", (good) => bearer(good.slice(0, -1) + (good.endsWith("0") ? "1" : "0")), 401],
    ["the mediator's token", () => bearer(env.MEDIATOR_TOKEN), 401],
  ])("refuses %s before it reads the build", async (_, headers, status) => {
    const token = await registerVendor("parley");
    await problemOf(
      await SELF.fetch(await multipart("/api/v1/builds", formOf(builtParts("native")), headers(token))),
      status,
    );
    await expectNothingStored();
  });

  it("refuses another vendor's token, an expired, a revoked, and one without the scope", async () => {
    const foreign = await registerVendor("acme");
    const problem = await problemOf(await SELF.fetch(await buildRequest(builtParts("native"), foreign)), 403);
    expect(problem.detail).toContain('"parley"');
    for (const [change, status] of [
      ["revoked_at = 1", 401],
      ["revoked_at = NULL, expires_at = 1", 401],
      ["expires_at = NULL, scopes = 'positions manage'", 403],
    ] as const) {
      await env.DB.exec(`UPDATE tokens SET ${change}`);
      await problemOf(
        await SELF.fetch(await buildRequest(withManifest(builtParts("native"), { vendor: "acme" }), foreign)),
        status,
      );
    }
    await expectNothingStored();
  });

  it("refuses what is not WebAssembly", async () => {
    const problem = await refusedParts({ guest: new TextEncoder().encode("#!/bin/sh") }, 422);
    expect(problem.errors?.[0]).toMatchObject({ part: "guest", code: expect.any(String), action: expect.any(String) });
  });

  it("refuses a module cut off anywhere", async () => {
    const token = await registerVendor("parley");
    const { guest = new Uint8Array(), ...rest } = builtParts("kvm");
    const ends = Array.from({ length: 24 }, (_, index) => Math.floor((guest.length * index) / 24));
    for (const end of [...ends, guest.length - 1]) {
      const response = await SELF.fetch(await buildRequest({ ...rest, guest: guest.slice(0, end) }, token));
      expect((await problemOf(response, 422)).errors?.length, `cut at ${end}`).toBeGreaterThan(0);
    }
    await expectNothingStored();
  });

  it("refuses a manifest that is missing, not JSON, or has unknown keys, with pointers", async () => {
    expect((await refusedParts({ manifest: null }, 422)).errors?.[0]?.part).toBe("manifest");
    await env.DB.exec("DELETE FROM tokens");
    await env.DB.exec("DELETE FROM vendors");
    await refusedParts({ manifest: new TextEncoder().encode("{") }, 422);
    await env.DB.exec("DELETE FROM tokens");
    await env.DB.exec("DELETE FROM vendors");
    const { manifest } = withManifest(builtParts("kvm"), { colour: "blue", profile: "grand" });
    const pointers = (await refusedParts({ manifest }, 422)).errors?.map((error) => error.pointer);
    expect(pointers).toEqual(expect.arrayContaining(["/colour", "/profile"]));
  });

  it("refuses a build without halves", async () => {
    await refusedParts({ guest: undefined, host: undefined }, 422);
  });

  it("refuses an import that does not exist, and one of another type, with the byte offset", async () => {
    // (module (import "machine" NAME (func)))
    const importing = (name: string) => {
      const text = [...new TextEncoder().encode(name)];
      const entry = [1, 7, ...new TextEncoder().encode("machine"), text.length, ...text, 0, 0];
      return new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 2, entry.length, ...entry]);
    };
    const unknown = await refusedParts({ guest: importing("no_such_thing") }, 422);
    expect(unknown.errors?.[0]).toMatchObject({ part: "guest" });
    expect(unknown.errors?.[0]?.detail).toContain("no_such_thing");
    await env.DB.exec("DELETE FROM tokens");
    await env.DB.exec("DELETE FROM vendors");
    const wrong = await refusedParts({ guest: importing("load64") }, 422);
    expect(wrong.errors?.[0]?.detail).toContain("load64");
  });

  it("refuses a part above its limit, naming part and limit", async () => {
    const problem = await refusedParts({ rom: new Uint8Array(256 * 1024 + 1) }, 413);
    expect(problem.detail).toMatch(/rom.*262144/);
  });

  it("refuses bodies without length, above the limit, of another type, or not whole", async () => {
    const token = await registerVendor("parley");
    const headers = { ...bearer(token), "Content-Type": "multipart/form-data; boundary=x" };
    const post = { method: "POST", headers };
    const stream = new ReadableStream({ start: (controller) => controller.close() });
    await problemOf(await call("/api/v1/builds", { ...post, body: stream }), 411);
    await problemOf(await call("/api/v1/builds", { ...post, body: new Uint8Array(3_600_000) }), 413);
    const json = { ...headers, "Content-Type": "application/json" };
    await problemOf(await call("/api/v1/builds", { ...post, body: "{}", headers: json }), 415);
    await problemOf(await call("/api/v1/builds", { ...post, body: "--x\r\nContent-Disp" }), 400);
    await expectNothingStored();
  });

  it("refuses unknown and repeated parts", async () => {
    const token = await registerVendor("parley");
    const form = formOf(builtParts("native"));
    form.set("extra", "x");
    await problemOf(await SELF.fetch(await multipart("/api/v1/builds", form, bearer(token))), 400);
    form.delete("extra");
    form.append("guest", new Blob(["x"]), "guest");
    await problemOf(await SELF.fetch(await multipart("/api/v1/builds", form, bearer(token))), 400);
    await expectNothingStored();
  });
});

describe("POST /api/v1/validate", () => {
  it("tells what a build would be, and keeps nothing", async () => {
    const response = await SELF.fetch(await multipart("/api/v1/validate", formOf(builtParts("kvm"))));
    expect(response.status).toBe(200);
    const answer = await jsonOf<{ ops: { id: string; tier: string; exported: boolean }[] }>(response);
    expect(answer).toMatchObject({ valid: true, vendor: "parley", backend: "kvm", profile: "enlightened" });
    expect(answer.ops.length).toBeGreaterThan(10);
    await expectNothingStored();
  });
});

describe("addresses", () => {
  it("that do not exist are 404, other methods 405, wrong forms 400", async () => {
    await problemOf(await call("/api/v1/nothing"), 404);
    const wrong = await call("/api/v1/builds", { method: "PUT" });
    expect(wrong.headers.get("Allow")).toBe("GET, POST");
    await problemOf(wrong, 405);
    await problemOf(await call("/api/v1/builds/sha256:xyz"), 400);
    await problemOf(await call(`/api/v1/builds/sha256:${"0".repeat(64)}`), 404);
    await problemOf(await call("/api/v1/runs/1"), 400);
    await problemOf(await call(`/api/v1/runs/${"0".repeat(24)}`), 404);
  });

  it("carry strict headers", async () => {
    const { headers } = await call("/api/v1/matrix");
    expect(headers.get("Content-Security-Policy")).toContain("default-src 'none'");
    expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(headers.get("Strict-Transport-Security")).toMatch(/^max-age=/);
    expect(headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(headers.get("Set-Cookie")).toBeNull();
  });

  it("of problem types explain themselves", async () => {
    expect(await (await call("/problems/too-large")).text()).toContain("413");
    await problemOf(await call("/problems/constructor"), 404);
  });
});
