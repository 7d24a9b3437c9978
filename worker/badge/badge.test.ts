import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { theSuite } from "../pipeline/engine.ts";
import type { BadgeState } from "../registry/views.ts";
import { call, jsonOf, problemOf } from "../test/requests.ts";
import { insertRun, testDigest } from "../test/rows.ts";
import { badgeSvg } from "./render.ts";
import { badgeText, LABEL_COLOR, looks } from "./text.ts";

const view = {
  vendor: "acme",
  unverified: true,
  backend: "hv",
  version: "1.0.0",
  build: testDigest("b"),
  run: "0".repeat(24),
  group: null,
  state: "failing",
  trust: { provenance: "token", execution: "registry-run" },
  privateAbi: false,
  pvi: "1.0",
  suite: testDigest("a"),
  at: "2026-11-22T09:30:00Z",
  held: 61,
  of: 63,
} as const;

/** WCAG 2.2 contrast of white text on a fill `#rrggbb`. */
function contrastWithWhite(color: string): number {
  const [r = 0, g = 0, b = 0] = (color.match(/[0-9a-f]{2}/g) ?? []).map((hex) => {
    const part = Number.parseInt(hex, 16) / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05);
}

/** A published run of acme/hv in which every clause held but the first of irq.disable. */
async function publish(said = { failed: 1, conforms: 0, held: 2 }): Promise<void> {
  const run = await insertRun("judging", { at: Date.parse("2026-11-22T09:30:00Z") });
  const { ops } = await theSuite();
  const rows = ops.map(({ id, clauses }, place) => {
    const words = clauses.map((clause) => [clause, clause === "irq.disable.1" ? "fail" : "pass"]);
    return env.DB.prepare("INSERT INTO op_results VALUES (?, ?, ?, 'pass', 0, ?, '{}')").bind(
      run,
      id,
      place,
      JSON.stringify(Object.fromEntries(words)),
    );
  });
  await env.DB.batch([
    ...rows,
    env.DB.prepare(
      `UPDATE runs SET state = 'published', next_at = NULL, report_digest = 'x', summary = ?, conforms = ?, held = ?, "of" = 3`,
    ).bind(JSON.stringify({ core: { failed: said.failed, error: 0 } }), said.conforms, said.held),
    env.DB.prepare("UPDATE backends SET current_run = ?").bind(run),
  ]);
}

describe("badge text", () => {
  it("names build, state, score, PVI, suite and date", () => {
    expect(badgeText(view)).toMatchObject({
      label: "acme/hv 1.0.0 (unverified vendor)",
      message: "✗ failing 61/63 · PVI 1.0 · suite aaaaaaa · 2026-11-22 · token, registry-run",
      isError: true,
    });
    expect(badgeText({ ...view, unverified: false, group: "mmu" }).label).toBe("acme/hv 1.0.0 mmu");
    expect(badgeText({ ...view, vendor: "parley" }).label).toBe("parley/hv 1.0.0 (reference model)");
  });

  it("says of a private ABI that it is one", () => {
    expect(badgeText({ ...view, privateAbi: true }).message).toContain(" · private ABI · ");
  });

  it("names both axes of trust", () => {
    const trust = { provenance: "ci-attested", execution: "reproduced" } as const;
    expect(badgeText({ ...view, trust }).message).toMatch(/ · ci-attested, reproduced$/);
  });

  it("has a glyph of its own per state, and fills that white text can be read on", () => {
    const states = Object.keys(looks) as BadgeState[];
    expect(new Set(states.map((state) => looks[state].glyph)).size).toBe(states.length);
    for (const state of states) expect(contrastWithWhite(looks[state].color), state).toBeGreaterThanOrEqual(4.5);
    expect(contrastWithWhite(LABEL_COLOR)).toBeGreaterThanOrEqual(4.5);
  });

  it("cannot break out of the picture", () => {
    const svg = badgeSvg({ ...badgeText(view), label: `<script>&"'` });
    expect(svg).not.toContain("<script>");
    expect(svg).toContain("&lt;script&gt;&amp;&quot;&apos;");
    expect(svg).toMatch(/role="img"/);
    expect(svg).toContain(looks.failing.color.slice(1));
    expect(svg).not.toContain('fill="#333333" fill-opacity');
  });
});

describe("GET /badge", () => {
  it("shows a backend's current result as SVG, cacheable, with 304", async () => {
    await publish();
    const response = await call("/badge/acme/hv.svg");
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")).toBe("image/svg+xml; charset=utf-8");
    expect(response.headers.get("Cache-Control")).toBe("public, max-age=300, s-maxage=300, stale-while-revalidate=600");
    expect(response.headers.get("Content-Security-Policy")).toBe(
      "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    );
    expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(await response.text()).toContain("acme/hv 1.0.0 (unverified vendor): ✗ failing 2/3");
    const etag = response.headers.get("ETag") ?? "";
    expect(etag).toMatch(/^"[0-9a-f]+"$/);
    const again = await call("/badge/acme/hv.svg", { headers: { "If-None-Match": `"x", ${etag}` } });
    expect(again.status).toBe(304);
    expect(again.headers.get("ETag")).toBe(etag);
    expect(await again.text()).toBe("");
  });

  it.each([
    [{ failed: 0, conforms: 1, held: 3 }, "✓ passing 3/3", false],
    [{ failed: 0, conforms: 0, held: 2 }, "◐ partial 2/3", false],
    [{ failed: 1, conforms: 0, held: 2 }, "✗ failing 2/3", true],
  ])("of %o says %s", async (said, words, isError) => {
    await publish(said);
    const badge = await jsonOf<{ message: string }>(await call("/badge/acme/hv.json"));
    expect(badge).toMatchObject({ message: expect.stringMatching(`^${words} · `), isError });
  });

  it("answers shields.io with its keys alone", async () => {
    await publish();
    const endpoint = await jsonOf<Record<string, unknown>>(await call("/badge/acme/hv.json"));
    const keys = ["schemaVersion", "label", "message", "color", "labelColor", "isError", "cacheSeconds"];
    expect(Object.keys(endpoint)).toEqual(keys);
    expect(endpoint).toMatchObject({ schemaVersion: 1, isError: true, cacheSeconds: 300 });
  });

  it("counts one group by itself", async () => {
    await publish();
    const message = async (group: string) =>
      (await jsonOf<{ message: string }>(await call(`/badge/acme/hv/${group}.json`))).message;
    const count = async (group: string) => {
      const owed = (await theSuite()).ops.filter(
        (op) => op.id.startsWith(`${group}.`) && op.tiers.enlightened === "core",
      );
      return owed.flatMap((op) => op.clauses).length;
    };
    const [irq, mmu] = [await count("irq"), await count("mmu")];
    expect(await message("mmu")).toContain(`✓ passing ${mmu}/${mmu} `);
    expect(await message("irq")).toContain(`✗ failing ${irq - 1}/${irq} `);
  });

  it("shows a build by its digest", async () => {
    await publish();
    expect(await (await call(`/badge/build/${testDigest("b")}.svg`)).text()).toContain(
      "acme/hv 1.0.0 (unverified vendor): ✗ failing 2/3",
    );
  });

  it("goes stale when the suite is replaced", async () => {
    await publish();
    await env.DB.exec("INSERT INTO suites VALUES ('sha256:old', '1.0', '1', 1)");
    await env.DB.exec(
      "DROP TRIGGER runs_final; DROP TRIGGER runs_identity_fixed; UPDATE runs SET suite = 'sha256:old';".replaceAll(
        "; ",
        ";\n",
      ),
    );
    expect(await (await call("/badge/acme/hv.json")).json()).toMatchObject({
      message: expect.stringMatching(/^⧗ stale 2\/3/),
      isError: true,
    });
  });

  it.each([
    "/badge/acme/none",
    "/badge/acme/hv/none",
    "/badge/nobody/hv",
    `/badge/build/${testDigest("f")}`,
    "/badge/build/x",
    "/badge/A%3Cb%3E/%22",
  ])("is grey for %s, and not found as JSON", async (path) => {
    await publish();
    const svg = await call(`${path}.svg`);
    expect(svg.status).toBe(200);
    const text = await svg.text();
    expect(text).toContain("? unknown");
    expect(text).not.toMatch(/<b>|""/);
    const json = await call(`${path}.json`);
    expect((await problemOf(json, 404)).type).toMatch(/not-found$/);
  });

  it("is grey while nothing is published", async () => {
    await insertRun("running");
    expect(await (await call("/badge/acme/hv.svg")).text()).toContain("? unknown");
    expect(await (await call(`/badge/build/${testDigest("b")}.svg`)).text()).toContain("? unknown");
  });
});
