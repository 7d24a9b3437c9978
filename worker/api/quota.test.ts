import { env, SELF } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { QUOTAS, type QuotaName } from "../limits.ts";
import { builtParts, formOf, multipart, quickParts } from "../test/builds.ts";
import { deliver, heldQueue, submitBuild } from "../test/pipeline.ts";
import { bearer, call, countRows, jsonOf, type ProblemBody, postJson, registerVendor } from "../test/requests.ts";
import { insertRun } from "../test/rows.ts";
import { addressKey } from "./quota.ts";

const T0 = Date.parse("2026-11-22T09:30:00Z");
const time = (after = 0) => ({ "X-Parley-Now": new Date(T0 + after).toISOString() });

/** A request that costs a validation and is refused for its body. */
function validate(after = 0, address = "192.0.2.1"): Promise<Response> {
  return call("/api/v1/validate", { method: "POST", headers: { ...time(after), "CF-Connecting-IP": address } });
}

async function expectExceeded(response: Response, ...policies: string[]): Promise<void> {
  expect(response.status).toBe(429);
  expect(response.headers.get("Content-Type")).toBe("application/problem+json");
  const problem = await jsonOf<ProblemBody & { "violated-policies": string[] }>(response);
  expect(problem.type).toBe("https://iana.org/assignments/http-problem-types#quota-exceeded");
  expect(problem["violated-policies"]).toEqual(policies);
}

async function use(owner: string, quota: string, used: number): Promise<void> {
  await env.DB.prepare("INSERT OR REPLACE INTO quota_use (owner, quota, began_at, used) VALUES (?, ?, ?, ?)")
    .bind(owner, quota, T0, used)
    .run();
}

async function submit(token: string, after = 0): Promise<Response> {
  return SELF.fetch(await multipart("/api/v1/builds", formOf(quickParts()), { ...bearer(token), ...time(after) }));
}

describe("quota of an address", () => {
  it("is announced, used up, and given back when its window ends", async () => {
    const first = await validate();
    expect(first.status).toBe(415);
    expect(first.headers.get("RateLimit-Policy")).toBe(
      '"validate";q=30;w=300, "validate-bytes";q=268435456;w=86400;qu="content-bytes"',
    );
    expect(first.headers.get("RateLimit")).toBe('"validate";r=29;t=300, "validate-bytes";r=268435456;t=86400');
    for (let i = 2; i <= 30; i++) expect((await validate(1000)).status).toBe(415);
    const refused = await validate(20_000);
    expect(refused.headers.get("RateLimit")).toMatch(/^"validate";r=0;t=280, /);
    expect(refused.headers.get("Retry-After")).toBe("280");
    await expectExceeded(refused, "validate");
    expect((await validate(20_000, "192.0.2.2")).status).toBe(415);
    expect((await validate(299_999)).status).toBe(429);
    const again = await validate(300_000);
    expect(again.status).toBe(415);
    expect(again.headers.get("RateLimit")).toMatch(/^"validate";r=29;t=300, /);
  });

  it("counts the bytes that a validation states, before it reads them", async () => {
    const left = QUOTAS["validate-bytes"].max - 100;
    await use("address:192.0.2.1", "validate-bytes", left);
    const stating = (sizeBytes: number) =>
      call("/api/v1/validate", {
        method: "POST",
        headers: { ...time(), "CF-Connecting-IP": "192.0.2.1", "Content-Length": String(sizeBytes) },
        body: new Uint8Array(sizeBytes),
      });
    await expectExceeded(await stating(101), "validate-bytes");
    const taken = await stating(100);
    expect(taken.status).toBe(415);
    // The refused one cost nothing of the number either.
    expect(taken.headers.get("RateLimit")).toBe('"validate";r=29;t=300, "validate-bytes";r=0;t=86400');
  });

  it("has the least for anonymous validation, in number and in bytes", () => {
    const perHour = (name: QuotaName) => (QUOTAS[name].max * 3600) / (QUOTAS[name].windowSeconds ?? Number.NaN);
    for (const name of ["submissions", "address-submissions"] as const)
      expect(perHour("validate"), name).toBeLessThan(perHour(name));
    for (const name of ["bytes", "address-bytes"] as const)
      expect(perHour("validate-bytes"), name).toBeLessThan(perHour(name));
  });

  it("is announced with a good answer too", async () => {
    const response = await SELF.fetch(await multipart("/api/v1/validate", formOf(builtParts("native")), time()));
    expect(response.status).toBe(200);
    expect(response.headers.get("RateLimit")).toMatch(/^"validate";r=29;t=300, "validate-bytes";r=26\d{7};t=86400$/);
  });

  it("holds for registration and token exchange; the mediator registers freely", async () => {
    await use("address:local", "registrations", QUOTAS.registrations.max);
    const acme = { slug: "acme", name: "Acme" };
    await expectExceeded(await postJson("/api/v1/vendors", acme, time()), "registrations");
    expect(await countRows("vendors")).toBe(0);
    expect((await postJson("/api/v1/vendors", acme, { ...bearer(env.MEDIATOR_TOKEN), ...time() })).status).toBe(201);
    await use("address:local", "exchanges", QUOTAS.exchanges.max);
    await expectExceeded(await postJson("/api/v1/oidc/token", {}, time()), "exchanges");
  });

  it("is forgotten once every window has ended", async () => {
    for (const address of ["192.0.2.1", "192.0.2.2"]) await validate(0, address);
    await validate(24 * 3_600_000, "192.0.2.3");
    const { results } = await env.DB.prepare("SELECT DISTINCT owner FROM quota_use").all();
    expect(results).toEqual([{ owner: "address:192.0.2.3" }]);
  });

  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:DB8:0001:2::6", "2001:db8:1:2"],
    ["2001:db8::6", "2001:db8:0:0"],
    ["::1", "0:0:0:0"],
  ])("of %s is that of %s", (address, key) => expect(addressKey(address)).toBe(key));
});

describe("quota of a vendor", () => {
  it("announces submissions, bytes and queued runs", async () => {
    const response = await submit(await registerVendor("parley"));
    expect(response.status).toBe(202);
    expect(response.headers.get("RateLimit-Policy")).toBe(
      '"submissions";q=600;w=3600, "address-submissions";q=1200;w=3600, "bytes";q=536870912;w=86400;qu="content-bytes", "address-bytes";q=1073741824;w=86400;qu="content-bytes", "queued";q=200;qu="concurrent-requests", "address-queued";q=400;qu="concurrent-requests"',
    );
    expect(response.headers.get("RateLimit")).toMatch(
      /^"submissions";r=599;t=3600, "address-submissions";r=1199;t=3600, "bytes";r=5368\d{5};t=86400, "address-bytes";r=1073\d{6};t=86400, "queued";r=200, "address-queued";r=400$/,
    );
  });

  it("refuses a submission above it, and stores nothing", async () => {
    const token = await registerVendor("parley");
    await use("vendor:parley", "submissions", QUOTAS.submissions.max);
    await use("vendor:parley", "bytes", QUOTAS.bytes.max - 10);
    await expectExceeded(await submit(token, 1000), "submissions", "bytes");
    const after = await submit(token, 3_600_000);
    expect(after.headers.get("Retry-After")).toBe(String(23 * 3600));
    await expectExceeded(after, "bytes");
    expect(await countRows("builds", "runs")).toBe(0);
    expect((await submit(token, 24 * 3_600_000)).status).toBe(202);
  });

  it("is no way around that of its address, which all its vendors share", async () => {
    const [one, other] = [await registerVendor("parley"), await registerVendor("acme")];
    await use("address:local", "address-submissions", QUOTAS["address-submissions"].max - 1);
    expect((await submit(one)).status).toBe(202);
    await expectExceeded(await submit(other), "address-submissions");
    await use("address:local", "address-submissions", 0);
    await use("address:local", "address-bytes", QUOTAS["address-bytes"].max);
    await expectExceeded(await submit(one), "address-bytes");
    expect(await countRows("runs")).toBe(1);
  });

  it("refuses while too many of its runs wait, whatever other vendors have", async () => {
    const token = await registerVendor("acme");
    const other = await registerVendor("parley");
    await insertRun("received");
    const copies = Array.from({ length: QUOTAS.queued.max - 1 }, (_, i) =>
      env.DB.prepare(
        `INSERT INTO runs (id, build, suite, attempt, state, state_at, state_actor, next_at, created_at, cause)
         SELECT 'r' || ?1, build, suite, 2 + ?1, state, state_at, state_actor, next_at, created_at, cause FROM runs LIMIT 1`,
      ).bind(i),
    );
    await env.DB.batch(copies);
    expect(await countRows("runs")).toBe(QUOTAS.queued.max);
    const refused = await submit(token);
    expect(refused.headers.get("RateLimit")).toContain('"queued";r=0');
    await expectExceeded(refused, "queued");
    expect((await submit(other)).status).toBe(202);
  });

  it("refuses while too many runs of its address wait, whoever they belong to", async () => {
    const from = async (token: string, address: string) =>
      SELF.fetch(
        await multipart("/api/v1/builds", formOf(quickParts()), { ...bearer(token), "CF-Connecting-IP": address }),
      );
    const token = await registerVendor("parley");
    const waiting = await insertRun("received");
    const others = Array.from({ length: QUOTAS["address-queued"].max }, (_, i) => [
      env.DB.prepare(
        `INSERT INTO runs (id, build, suite, attempt, state, state_at, state_actor, next_at, created_at, cause)
         SELECT ?1, build, suite, ?2, state, state_at, state_actor, next_at, created_at, cause FROM runs WHERE id = ?3`,
      ).bind(`r${i}`, i + 2, waiting),
      env.DB.prepare("INSERT INTO run_addresses VALUES (?, 'address:192.0.2.9')").bind(`r${i}`),
    ]);
    await env.DB.batch(others.flat());
    const refused = await from(token, "192.0.2.9");
    expect(refused.headers.get("RateLimit")).toMatch(/"queued";r=200, "address-queued";r=0$/);
    await expectExceeded(refused, "address-queued");
    expect((await from(token, "192.0.2.8")).status).toBe(202);
    await env.DB.prepare(
      "UPDATE runs SET state = 'cancelled', reason = 'over', state_actor = 'test', next_at = NULL WHERE id = 'r7'",
    ).run();
    expect((await from(token, "192.0.2.9")).status).toBe(202);
  });

  it("knows an address as long as its run waits, and gives it to nobody", async () => {
    const held = heldQueue();
    const { run } = await submitBuild(held.env);
    const kept = async () => (await env.DB.prepare("SELECT run, address FROM run_addresses").all()).results;
    expect(await kept()).toEqual([{ run: run.id, address: "address:test" }]);
    expect(await (await call("/api/v1/export")).text()).not.toContain("address:test");
    await deliver(held.env, held.messages);
    expect(await kept()).toEqual([]);
    // The same build again is the run that is over: nothing waits, so nothing is noted.
    await submitBuild(held.env);
    expect(await kept()).toEqual([]);
  });

  it("counts a run that is done again, and none that another party's reproduction needs", async () => {
    const token = await registerVendor("parley");
    const held = heldQueue();
    const { run } = await submitBuild(held.env);
    await deliver(held.env, held.messages);
    const again = () =>
      call(`/api/v1/runs/${run.id}/rerun`, { method: "POST", headers: { ...bearer(token), ...time() } });
    await use("vendor:parley", "submissions", QUOTAS.submissions.max - 1);
    const taken = await again();
    expect(taken.status).toBe(202);
    expect(taken.headers.get("RateLimit")).toMatch(/^"submissions";r=0;t=3600, /);
    await expectExceeded(await again(), "submissions");
    await use("vendor:parley", "submissions", 0);
    const copies = Array.from({ length: QUOTAS.queued.max }, (_, i) =>
      env.DB.prepare(
        `INSERT INTO runs (id, build, suite, challenge, attempt, state, state_at, state_actor, next_at, created_at, cause)
         SELECT 'c' || ?1, build, suite, 'seed' || ?1, 1, 'received', 1, 'vendor:acme', 1, 1, 'reproduction' FROM runs WHERE id = ?2`,
      ).bind(i, run.id),
    );
    await env.DB.batch(copies);
    expect((await again()).status).toBe(202);
  });
});
