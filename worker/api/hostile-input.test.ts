// What comes from outside and is shown, sent on or logged: markup, header and log injection, slow bodies; and what every answer carries.
import { createExecutionContext, env } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { app } from "../app.ts";
import { BODY_TIMEOUT_MS } from "../limits.ts";
import { readCapped } from "../outbound.ts";
import { failing } from "../test/faults.ts";
import { filled, makeObjects, type Objects } from "../test/objects.ts";
import { bearer, call, jsonOf, ORIGIN, postJson } from "../test/requests.ts";
import { openapiText } from "./openapi.ts";

const markup = `<script>alert(1)</script><img src=x onerror=alert(1)>"'&]]>`;

interface Schema {
  type?: string;
  $ref?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  pattern?: string;
  format?: string;
}
interface Told {
  operationId: string;
  requestBody?: { content: Record<string, { schema: Schema }> };
}
const described = JSON.parse(openapiText()) as {
  paths: Record<string, Record<string, Told>>;
  components: { schemas: Record<string, Schema> };
};

/** Every place of a JSON request that takes free text: strings that no pattern, format or list of words binds. */
function freeText(schema: Schema | undefined, at: string): string[] {
  if (!schema) return [];
  if (schema.$ref) return freeText(described.components.schemas[schema.$ref.split("/").at(-1) ?? ""], at);
  const parts = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap((part) => freeText(part, at));
  const members = Object.entries(schema.properties ?? {}).flatMap(([name, part]) => freeText(part, `${at}/${name}`));
  const items = schema.items ? freeText(schema.items, at) : [];
  const bound = schema.enum || schema.const !== undefined || schema.format;
  // A pattern that lets `<` through binds nothing here.
  const open = !schema.pattern || new RegExp(schema.pattern, "u").test("<");
  const own = schema.type === "string" && !bound && open ? [at] : [];
  return [...own, ...parts, ...members, ...items];
}

afterEach(() => vi.restoreAllMocks());

describe("free text", () => {
  it("is taken in a few places, each of which the next tests fill with markup or which is never shown", () => {
    const places = Object.values(described.paths).flatMap((methods) =>
      Object.values(methods).flatMap(({ operationId, requestBody }) =>
        freeText(requestBody?.content["application/json"]?.schema, operationId),
      ),
    );
    expect([...new Set(places)].sort()).toEqual(
      [
        "closeDispute/reason",
        "createVendor/name",
        "revokeBuild/reason",
        // Compared, decoded or parsed, and never shown.
        "addKey/signature/key",
        "createPublisher/environment",
        "exchangeOidcToken/token",
        "proveDomain/domain",
        "submitByHook/data/guest/base64",
        "submitByHook/data/host/base64",
        "submitByHook/data/manifest/base64",
        "submitByHook/data/rom/base64",
      ].sort(),
    );
  });

  it("reaches no page and no picture as markup", async () => {
    const objects = await makeObjects();
    const mediator = bearer(env.MEDIATOR_TOKEN);
    const made = await postJson("/api/v1/vendors", { slug: "evil", name: markup });
    expect(made.status).toBe(201);
    const build = objects.byPath["/api/v1/builds/"];
    expect((await postJson(`/api/v1/builds/${build}/revoke`, { reason: markup }, mediator)).status).toBe(200);
    expect((await postJson("/api/v1/disputes/D/close", { outcome: "upheld", reason: markup }, mediator)).status).toBe(
      200,
    );
    const run = objects.byPath["/api/v1/runs/"];
    const pages = [
      "/",
      `/builds/${build}`,
      `/runs/${run}`,
      "/vendors/evil",
      "/vendors/parley",
      "/backends/parley/quick",
    ];
    const shown = await Promise.all(pages.map(async (path) => (await call(path)).text()));
    for (const [index, text] of shown.entries()) {
      expect(text, pages[index]).not.toContain("<script>alert");
      expect(text, pages[index]).not.toContain("<img src=x");
    }
    expect(shown.join("")).toContain("&lt;script&gt;alert(1)");
    for (const path of [`/badge/${encodeURIComponent(markup)}/x.svg`, `/badge/a/b/${encodeURIComponent(markup)}.svg`]) {
      const picture = await call(path);
      expect(picture.headers.get("Content-Security-Policy")).toContain("sandbox");
      const svg = await picture.text();
      expect(svg).toMatch(/^<svg/);
      expect(svg).not.toContain("<script");
      expect(svg).not.toContain("<img");
    }
  });

  it.each(["a\nb", "a\r\nX-Evil: 1", "a\u0000b", "a\u2028b", "\u202eevil"])(
    "may hold no control character: %j",
    async (name) => {
      expect((await postJson("/api/v1/vendors", { slug: "evil", name })).status).toBe(422);
    },
  );
});

describe("headers", () => {
  it("cannot be added by what an address holds", async () => {
    for (const path of [
      "/api/v1/vendors?limit=1&x=%0d%0aX-Evil:%201",
      "/api/v1/matrix?limit=1&after=%0d%0aX-Evil:1",
      "/badge/x%0d%0aX-Evil:%201/y.svg",
      "/runs/%0d%0aX-Evil:%201",
      "/%0d%0aX-Evil:%201",
    ]) {
      const response = await call(path);
      expect(response.headers.get("X-Evil"), path).toBeNull();
      expect(response.headers.get("Link") ?? "", path).not.toMatch(/[\r\n]/);
      await response.arrayBuffer();
    }
  });

  it("of security are on every answer of every route, good or bad", async () => {
    const objects: Objects = await makeObjects();
    const routes = Object.entries(described.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => [method.toUpperCase(), path] as const),
    );
    const addresses = routes.map(([method, path]) => {
      const known = path.startsWith("/api/") ? filled(path, objects) : path;
      return [method, known.replace(/\{\w+\}/g, "x")] as const;
    });
    const pages = ["/", "/nothing", "/problems/internal", "/openapi.json", "/runs/x"].map(
      (path) => ["GET", path] as const,
    );
    for (const [method, path] of [...addresses, ...pages]) {
      const response = await call(path, { method });
      const what = `${method} ${path}: ${response.status}`;
      expect(response.status, what).toBeLessThan(500);
      expect(response.headers.get("Content-Security-Policy"), what).toMatch(/^default-src 'none'/);
      expect(response.headers.get("Content-Security-Policy"), what).not.toMatch(/unsafe-eval|script-src[^;]*unsafe/);
      expect(response.headers.get("X-Content-Type-Options"), what).toBe("nosniff");
      expect(response.headers.get("X-Frame-Options"), what).toBe("DENY");
      expect(response.headers.get("Referrer-Policy"), what).toBe("no-referrer");
      expect(response.headers.get("Strict-Transport-Security"), what).toMatch(/^max-age=\d{8}/);
      expect(response.headers.get("Set-Cookie"), what).toBeNull();
      const allowed = response.headers.get("Access-Control-Allow-Origin");
      expect(allowed, what).toBe(method === "GET" ? "*" : null);
      await response.arrayBuffer();
    }
  });
});

describe("the log", () => {
  it("gets one line per failure, whatever the caller and the store said", async () => {
    const lines: unknown[][] = [];
    vi.spyOn(console, "error").mockImplementation((...words) => void lines.push(words));
    const DB = failing(env.DB, "prepare");
    const broken = new Proxy(DB, {
      get: () => () => {
        throw new Error('down\n{"failure":"forged"}\r\nx');
      },
    });
    const path = "/api/v1/vendors?x=%0a%7B%22failure%22:%22forged%22%7D";
    const response = await app.request(
      `${ORIGIN}${path}`,
      {},
      { ...env, DB: broken },
      createExecutionContext() as never,
    );
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("forged");
    expect(lines).toHaveLength(1);
    expect(String(lines[0]?.[0])).not.toMatch(/[\r\n]/);
    expect(JSON.parse(String(lines[0]?.[0]))).toMatchObject({
      failure: "request",
      reason: expect.stringContaining("forged"),
    });
  });
});

describe("a slow body", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is given up after its time, and never waited for longer", async () => {
    let cancelled = false;
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array([1, 2])),
      cancel: () => {
        cancelled = true;
      },
    });
    const reading = readCapped(stream, 100, () => expect.unreachable(), BODY_TIMEOUT_MS);
    await vi.advanceTimersByTimeAsync(BODY_TIMEOUT_MS - 1);
    expect(cancelled).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await reading).toEqual(new Uint8Array([1, 2]));
    expect(cancelled).toBe(true);
  });

  it("is refused as one that is not whole", async () => {
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode('{"slug":')),
    });
    const headers = { "Content-Type": "application/json", "Content-Length": "40" };
    const init = { method: "POST", body, headers, duplex: "half" } as RequestInit;
    const asked = app.request(`${ORIGIN}/api/v1/vendors`, init, env, createExecutionContext() as never);
    await vi.advanceTimersByTimeAsync(BODY_TIMEOUT_MS);
    const response = await asked;
    expect(response.status).toBe(400);
    expect((await jsonOf<{ detail: string }>(response)).detail).toContain("8 bytes of the body came within 30 s");
  });
});

describe("secrets", () => {
  it("are compared by the platform's HMAC, in constant time: the mediator's token and both kinds of webhook signature", async () => {
    const { byPath, token } = await makeObjects();
    const github = await jsonOf<{ hook: { id: string } }>(
      await postJson("/api/v1/hooks", { kind: "github", repositoryId: "2" }, bearer(token)),
    );
    const verify = vi.spyOn(crypto.subtle, "verify");
    const ask = async (path: string, headers: Record<string, string>) => {
      verify.mockClear();
      const init = {
        method: "POST",
        body: "{}",
        headers: { "Content-Type": "application/json", "Content-Length": "2", ...headers },
      };
      const response = await app.request(`${ORIGIN}${path}`, init, env, createExecutionContext() as never);
      expect(
        verify.mock.calls.map(([algorithm]) => algorithm),
        path,
      ).toContain("HMAC");
      return response.status;
    };
    const seconds = String(Math.floor(Date.now() / 1000));
    const signed = {
      "webhook-id": "m",
      "webhook-timestamp": seconds,
      "webhook-signature": `v1,${btoa("x".repeat(32))}`,
    };
    expect(await ask(`/hooks/ci/${byPath["/api/v1/hooks/"]}`, signed)).toBe(401);
    const delivery = { "X-GitHub-Delivery": "d", "X-Hub-Signature-256": `sha256=${"0".repeat(64)}` };
    expect(await ask(`/hooks/github/${github.hook.id}`, delivery)).toBe(401);
    expect(await ask("/api/v1/disputes/D/close", bearer(token))).toBe(403);
  });
});
