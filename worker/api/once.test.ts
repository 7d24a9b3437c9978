import { env, SELF } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import type { BuildParts } from "../../conformance/runner/types.ts";
import { formOf, multipart, quickParts, withManifest } from "../test/builds.ts";
import { bearer, countRows, jsonOf, problemOf, registerVendor } from "../test/requests.ts";

const T0 = Date.parse("2026-11-22T09:30:00Z");
let token: string;

beforeEach(async () => {
  token = await registerVendor("parley");
});

interface Sending {
  key?: string;
  after?: number;
  as?: string;
}

async function send(parts: BuildParts, { key = '"k1"', after = 0, as = token }: Sending = {}): Promise<Response> {
  const headers = { ...bearer(as), "Idempotency-Key": key, "X-Parley-Now": new Date(T0 + after).toISOString() };
  return SELF.fetch(await multipart("/api/v1/builds", formOf(parts), headers));
}

async function answerOf(response: Response) {
  const { status, headers } = response;
  return { status, location: headers.get("Location"), type: headers.get("Content-Type"), body: await response.json() };
}

describe("Idempotency-Key", () => {
  it("repeats the very answer, whatever the boundary, for 24 hours", async () => {
    const first = await answerOf(await send(quickParts()));
    expect(first).toMatchObject({ status: 202, body: { created: true } });
    expect(await answerOf(await send(quickParts(), { after: 24 * 3_600_000 - 1000 }))).toEqual(first);
    const later = await answerOf(await send(quickParts(), { after: 24 * 3_600_000 }));
    expect(later.body).toMatchObject({ created: false });
    expect(await countRows("idempotency_keys")).toBe(1);
  });

  it("repeats a refusal too", async () => {
    const broken = withManifest(quickParts(), { colour: 1 });
    const first = await answerOf(await send(broken));
    expect(first).toMatchObject({ status: 422, type: "application/problem+json" });
    expect(await answerOf(await send(broken))).toEqual(first);
    expect(await countRows("builds")).toBe(0);
  });

  it("refuses the key for another payload, and takes another key", async () => {
    await send(quickParts("1.0.0"));
    const problem = await problemOf(await send(quickParts("1.0.1")), 422);
    expect(problem.type).toMatch(/key-reused$/);
    expect((await send(quickParts("1.0.1"), { key: '"k2"' })).status).toBe(202);
    expect(await countRows("builds")).toBe(2);
  });

  it("is 409 while the first request runs, and free again when that has died", async () => {
    await send(quickParts());
    await env.DB.prepare("UPDATE idempotency_keys SET answer = NULL").run();
    const response = await send(quickParts(), { after: 59_000 });
    expect(response.headers.get("Retry-After")).toBe("2");
    expect((await problemOf(response, 409)).type).toMatch(/key-in-use$/);
    expect((await send(quickParts(), { after: 60_000 })).status).toBe(202);
  });

  it("lets one of several at once do the work", async () => {
    const responses = await Promise.all([1, 2, 3].map(() => send(quickParts())));
    const created = await Promise.all(
      responses.filter(({ status }) => status === 202).map((response) => jsonOf<{ created: boolean }>(response)),
    );
    expect(created.every((answer) => answer.created)).toBe(true);
    expect(responses.map(({ status }) => status).filter((status) => status !== 202 && status !== 409)).toEqual([]);
    expect(await countRows("runs", "idempotency_keys")).toBe(2);
  });

  it("is each vendor's own", async () => {
    const acme = await registerVendor("acme");
    await send(quickParts());
    const other = withManifest(quickParts(), { vendor: "acme" });
    expect((await send(other, { as: acme })).status).toBe(202);
    expect(await countRows("idempotency_keys")).toBe(2);
  });

  it.each(["k1", '""', '"a', '"a"b"', "'a'", `"${"x".repeat(201)}"`, '"a\\b"'])("refuses %s", async (key) => {
    const problem = await problemOf(await send(quickParts(), { key }), 400);
    expect(problem.detail).toContain("quoted string");
    expect(await countRows("builds", "idempotency_keys")).toBe(0);
  });
});
