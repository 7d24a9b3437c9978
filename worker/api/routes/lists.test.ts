import { createExecutionContext, env } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { app } from "../../app.ts";
import type { BackendItem, BuildItem, EventItem, RunItem, VendorItem } from "../../registry/views.ts";
import { countingDb } from "../../test/counting.ts";
import { deliver, heldQueue, submitBuild } from "../../test/pipeline.ts";
import { bearer, call, jsonOf, ORIGIN, postJson, problemOf, registerVendor } from "../../test/requests.ts";
import { insertRun } from "../../test/rows.ts";

interface Page<Item> {
  items: Item[];
  next: string | null;
}

const idOf = (index: number) => index.toString(16).padStart(24, "0");
const digestOf = (index: number) => `sha256:${index.toString(16).padStart(64, "0")}`;

/** Seven runs of seven builds of acme/hv; two and two of them at the same instant. */
async function sevenRuns(): Promise<void> {
  for (let index = 1; index <= 7; index++) {
    await insertRun(index === 7 ? "running" : "received", {
      id: idOf(index),
      build: digestOf(index),
      at: 1000 * Math.floor(index / 2),
    });
  }
}

/** Walks a list by its Link header, two items at a time. */
async function walk<Item>(path: string): Promise<Item[]> {
  const items: Item[] = [];
  const first = `${ORIGIN}${path}${path.includes("?") ? "&" : "?"}limit=2`;
  let address: string | undefined = first;
  while (address) {
    const response = await call(address.slice(ORIGIN.length));
    expect(response.status, address).toBe(200);
    const page = await jsonOf<Page<Item>>(response);
    expect(page.items.length).toBeLessThanOrEqual(2);
    items.push(...page.items);
    const link = response.headers.get("Link") ?? "";
    expect(link).toContain(`<${first}>; rel="first"`);
    address = /<([^>]+)>; rel="next"/.exec(link)?.[1];
    expect(address ? new URL(address).searchParams.get("after") : null).toBe(page.next);
    expect(items.length).toBeLessThan(100);
  }
  return items;
}

describe("paged lists", () => {
  it("give every vendor once, by name", async () => {
    for (const slug of ["e", "b", "d", "a", "c"]) await registerVendor(slug);
    expect((await walk<VendorItem>("/api/v1/vendors")).map(({ slug }) => slug)).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("give every backend once, by vendor and name, and those of one vendor", async () => {
    await insertRun("published");
    await registerVendor("zeta");
    for (const backend of ["acme/a", "acme/z", "zeta/a"]) {
      const [vendor, slug] = backend.split("/");
      await env.DB.prepare("INSERT INTO backends (vendor, slug, created_at) VALUES (?, ?, 1)").bind(vendor, slug).run();
    }
    const named = (items: BackendItem[]) => items.map(({ vendor, backend }) => `${vendor}/${backend}`);
    expect(named(await walk("/api/v1/backends"))).toEqual(["acme/a", "acme/hv", "acme/z", "zeta/a"]);
    expect(named(await walk("/api/v1/backends?vendor=acme"))).toEqual(["acme/a", "acme/hv", "acme/z"]);
  });

  it("give builds and runs newest first, also those of one instant", async () => {
    await sevenRuns();
    const newestFirst = [7, 6, 5, 4, 3, 2, 1];
    expect((await walk<BuildItem>("/api/v1/builds")).map(({ digest }) => digest)).toEqual(newestFirst.map(digestOf));
    const ofBackend = await walk<BuildItem>("/api/v1/builds?vendor=acme&backend=hv");
    expect(ofBackend.map(({ digest }) => digest)).toEqual(newestFirst.map(digestOf));
    expect(await walk("/api/v1/builds?vendor=other")).toEqual([]);
    expect((await walk<RunItem>("/api/v1/runs")).map(({ id }) => id)).toEqual(newestFirst.map(idOf));
    expect((await walk<RunItem>("/api/v1/runs?state=running")).map(({ id }) => id)).toEqual([idOf(7)]);
    expect((await walk<RunItem>(`/api/v1/runs?build=${encodeURIComponent(digestOf(3))}`)).map(({ id }) => id)).toEqual([
      idOf(3),
    ]);
  });

  it("give events of a run and of a vendor, oldest first", async () => {
    await insertRun("published");
    const ofRun = await walk<EventItem>(`/api/v1/runs/${"0".repeat(24)}/events`);
    const way = ["received", "queued", "running", "merging", "judging", "published"];
    expect(ofRun.map(({ after }) => after)).toEqual(way);
    expect(ofRun[1]).toMatchObject({ before: "received", subject: `run:${"0".repeat(24)}`, actor: "registry" });
    const ofVendor = await walk<EventItem>("/api/v1/vendors/acme/events");
    expect(ofVendor.map(({ type }) => type)).toEqual(["build.received", "run.received"]);
  });

  it.each([
    "/api/v1/runs?limit=0",
    "/api/v1/runs?limit=101",
    "/api/v1/runs?limit=x",
    "/api/v1/runs?after=WyJhIl0",
    "/api/v1/runs?after=%F0%9F%92%A9",
    "/api/v1/runs?state=finished",
    "/api/v1/builds?backend=hv",
    "/api/v1/builds?vendor=A%27--",
    "/api/v1/matrix?after=x",
  ])("refuse %s", async (path) => {
    await problemOf(await call(path), 400);
  });
});

/** Every public read of the JSON API and of the pages, about things that exist. */
function reads({ run, build, report }: { run: string; build: string; report: string }): string[] {
  return [
    "/api/v1/vendors",
    "/api/v1/vendors/parley",
    "/api/v1/vendors/parley/events",
    "/api/v1/backends",
    "/api/v1/backends/parley/quick",
    "/api/v1/backends/parley/quick/events",
    "/api/v1/builds",
    `/api/v1/builds/${build}`,
    "/api/v1/runs",
    `/api/v1/runs/${run}`,
    `/api/v1/runs/${run}/events`,
    `/api/v1/runs/${run}/report`,
    `/api/v1/reports/${report}`,
    "/api/v1/disputes",
    "/index.json",
    "/vendors/parley",
    "/backends/parley/quick.json",
    "/api/v1/ops",
    "/api/v1/ops/mmu.set_pte",
    "/api/v1/coverage",
    "/coverage",
    "/coverage.json",
    "/api/v1/matrix",
    "/badge/parley/quick.svg",
    "/badge/parley/quick/mmu.json",
    `/badge/build/${build}.svg`,
    "/",
    `/runs/${run}`,
    `/builds/${build}`,
    "/ops/mmu.set_pte",
  ];
}

describe("public reads", () => {
  let paths: string[];
  let report: string;

  beforeEach(async () => {
    const held = heldQueue();
    const { run, build } = await submitBuild(held.env);
    await deliver(held.env, held.messages);
    const row = await env.DB.prepare("SELECT report_digest AS report FROM runs").first<{ report: string }>();
    report = row?.report ?? "";
    paths = reads({ run: run.id, build: build.digest, report });
  });

  it("are one round trip to D1 each", async () => {
    for (const path of paths) {
      const { DB, trips } = countingDb(env.DB);
      const response = await app.fetch(
        new Request(`${ORIGIN}${path}`),
        { ...env, DB },
        createExecutionContext() as never,
      );
      expect(response.status, path).toBe(200);
      await response.arrayBuffer();
      expect(trips(), path).toBe(/^\/api\/v1\/ops$|coverage/.test(path) ? 0 : 1);
    }
  });

  it("answer 304 to who has them, and let any page read them", async () => {
    for (const path of [...paths, "/api/v1/export"]) {
      const first = await call(path);
      expect(first.status, path).toBe(200);
      expect(first.headers.get("Access-Control-Allow-Origin"), path).toBe("*");
      expect(first.headers.get("Cache-Control"), path).toBeTruthy();
      await first.arrayBuffer();
      const again = await call(path, { headers: { "If-None-Match": first.headers.get("ETag") ?? "none" } });
      expect(again.status, path).toBe(304);
      expect(await again.text()).toBe("");
    }
    const preflight = await call("/api/v1/runs", { method: "OPTIONS" });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("Access-Control-Allow-Headers")).toBe("If-None-Match");
    expect(preflight.headers.get("Access-Control-Allow-Methods")).toBe("GET, HEAD");
  });

  it("give reports by digest, for ever, and no other bytes", async () => {
    const response = await call(`/api/v1/reports/${report}`);
    expect(response.headers.get("Cache-Control")).toBe("public, max-age=31536000, immutable");
    expect(response.headers.get("Repr-Digest")).toMatch(/^sha-256=:.{44}:$/);
    const guest = await env.DB.prepare("SELECT guest_digest FROM builds").first<string>("guest_digest");
    await problemOf(await call(`/api/v1/reports/${guest}`), 404);
  });

  it("name what is not there", async () => {
    for (const path of ["/api/v1/vendors/none", "/api/v1/backends/parley/none", "/api/v1/ops/no.such"]) {
      await problemOf(await call(path), 404);
    }
  });

  it("export everything public, and nothing else", async () => {
    const key = {
      publicKey: btoa("k".repeat(32)),
      notBefore: "2026-01-01T00:00:00Z",
      notAfter: "2030-01-01T00:00:00Z",
    };
    const { value } = (
      await jsonOf<{ token: { value: string } }>(
        await postJson("/api/v1/vendors", { slug: "keyed", name: "Keyed" }, bearer(env.MEDIATOR_TOKEN)),
      )
    ).token;
    expect((await postJson("/api/v1/keys", key, bearer(value))).status).toBe(201);
    const response = await call("/api/v1/export");
    expect(response.headers.get("Content-Type")).toBe("application/jsonl");
    const text = await response.text();
    const lines = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const byType = Map.groupBy(lines, ({ type }) => String(type));
    const counts = Object.fromEntries(Array.from(byType, ([type, of]) => [type, of.length]));
    const { n } = (await env.DB.prepare("SELECT count(*) AS n FROM op_results").first<{ n: number }>()) ?? { n: 0 };
    expect(counts).toMatchObject({ vendor: 2, key: 1, backend: 1, suite: 1, build: 1, run: 1, result: n });
    expect(counts.event).toBeGreaterThan(6);
    expect(lines.find(({ type }) => type === "result")?.clauses).toBeTypeOf("object");
    expect(lines.filter(({ event }) => event === "backend.shown")).toMatchObject([{ before: null, after: report }]);
    const token = await env.DB.prepare("SELECT id, hash FROM tokens").first<{ id: string; hash: string }>();
    expect(text).not.toContain(token?.hash ?? "");
    expect(text).not.toContain(token?.id ?? "");
  });
});
