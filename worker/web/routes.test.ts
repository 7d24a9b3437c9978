import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { clauses, ops } from "../../conformance/interface/catalogue.ts";
import { problemTypes } from "../problems.ts";
import type { Coverage, OpView } from "../registry/op-views.ts";
import { makeObjects } from "../test/objects.ts";
import { call, jsonOf, problemOf } from "../test/requests.ts";

async function textOf(path: string): Promise<string> {
  return (await call(path)).text();
}

describe("pages of an empty registry", () => {
  it("answer with HTML under a policy without exceptions", async () => {
    const response = await call("/");
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")).toBe("text/html; charset=utf-8");
    expect(response.headers.get("Content-Security-Policy")).toMatch(
      /^default-src 'none'; style-src 'self'; script-src 'self';/,
    );
    expect(response.headers.get("Content-Security-Policy")).not.toContain("unsafe");
    expect(await response.text()).toContain("No run is published yet.");
  });

  it("are not sent twice to who has them", async () => {
    const first = await call("/");
    const etag = first.headers.get("ETag") ?? "";
    await first.text();
    expect((await call("/", { headers: { "If-None-Match": etag } })).status).toBe(304);
  });

  it("show each op of the suite with its clauses, their cases, and what the catalogue tells of it", async () => {
    for (const op of ops) {
      const view = await jsonOf<OpView>(await call(`/ops/${op.id}.json`));
      const { deviations, decisions = [], params, resultDoc = null } = op;
      expect(view.op).toMatchObject({ deviations, decisions, result: resultDoc, rule: op.rule ?? false });
      expect(view.op.params.map(({ meaning }) => meaning)).toEqual(params.map(({ doc }) => doc));
      const page = await textOf(`/ops/${op.id}`);
      expect(view.op.clauses.map(({ id }) => id)).toEqual(op.clauses.map(({ n }) => `${op.id}.${n}`));
      for (const clause of view.op.clauses) {
        expect(page).toContain(`id="${clause.id}"`);
        for (const { id } of clause.cases) expect(page).toContain(`>${id}</code>`);
      }
      for (const { system } of view.op.definedBy) expect(page).toContain(`<th scope="row">${system}</th>`);
    }
  });

  it("show which case tests which clause, as docs/coverage.md does", async () => {
    const coverage = await jsonOf<Coverage>(await call("/coverage.json"));
    const shown = coverage.groups.flatMap((group) => group.clauses);
    expect(shown.map(({ id }) => id)).toEqual(clauses.map(({ id }) => id));
    expect(coverage).toMatchObject({ clauses: clauses.length, ops: ops.length });
    for (const { id, cases } of shown) expect(cases.length, id).toBeGreaterThan(0);
    expect(await jsonOf(await call("/api/v1/coverage"))).toEqual(coverage);
    const page = await textOf("/coverage");
    for (const { id, op } of shown) expect(page).toContain(`href="/ops/${op}#${id}"`);
  });
});

describe("what is not there", () => {
  it("is a page for people and a problem for programs", async () => {
    const page = await call("/ops/no.such");
    expect(page.status).toBe(404);
    expect(await page.text()).toContain("There is no operation no.such here.");
    await problemOf(await call("/ops/no.such.json"), 404);
  });

  it("is named without letting the address into the page's markup", async () => {
    expect(await textOf("/runs/%3Cscript%3Ealert(1)%3C%2Fscript%3E")).not.toContain("<script>alert");
  });
});

describe("an address that nothing has", () => {
  const html = { Accept: "text/html,application/xhtml+xml,*/*;q=0.8" };

  it("is a page for a browser, and a problem for programs, for data and under /api", async () => {
    for (const path of ["/nothing", "/assets/x/y", "/vendors/none", "/backends/a/b"]) {
      const page = await call(path, { headers: html });
      expect(page.status, path).toBe(404);
      expect(page.headers.get("Content-Type"), path).toContain("text/html");
      expect(page.headers.get("Content-Security-Policy"), path).toMatch(/^default-src 'none'; style-src 'self'/);
      expect(await page.text(), path).toContain("<h1>");
    }
    expect((await call("/nothing", { headers: html })).headers.get("Vary")).toBe("Accept");
    await problemOf(await call("/nothing"), 404);
    await problemOf(await call("/nothing", { headers: { Accept: "application/json" } }), 404);
    for (const path of ["/api/v1/nothing", "/hooks/none", "/vendors/none.json"])
      await problemOf(await call(path, { headers: html }), 404);
    const refused = await call("/?limit=x", { headers: html });
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain("must be 1 to 100");
  });
});

describe("problem types", () => {
  it("are documented at the very address that a problem names, for people and programs", async () => {
    const { type } = await problemOf(await call("/api/v1/nothing"), 404);
    const path = new URL(type).pathname;
    const page = await (await call(path, { headers: { Accept: "text/html" } })).text();
    expect(page).toContain("<code>not-found</code>");
    expect(await (await call(path)).text()).toContain("not-found (HTTP 404)");
    const all = await (await call("/problems", { headers: { Accept: "text/html" } })).text();
    for (const code of Object.keys(problemTypes)) expect(all).toContain(`/problems/${code}"`);
  });
});

describe("pages of vendors and backends", () => {
  it("show who it is, how that was proved, key fingerprints, trust, the badge and the builds", async () => {
    const { byPath } = await makeObjects();
    const plain = await textOf("/vendors/parley");
    expect(plain).toContain("no: the vendor has proved neither");
    expect(plain).toMatch(/Ed25519 <code title="sha256:[0-9a-f]{64}"/);
    await env.DB.exec("UPDATE vendors SET verified_at = 1700000000000, verified_by = 'domain:acme.org'");
    expect(await textOf("/vendors/parley")).toContain("yes, by domain acme.org");
    const page = await textOf("/backends/parley/quick");
    for (const part of ["submitted with a token; run by this registry", 'src="/badge/parley/quick.svg"', "‽ disputed"])
      expect(page).toContain(part);
    expect(page).toContain(`/builds/${byPath["/api/v1/builds/"]}`);
    expect(await jsonOf(await call("/backends/parley/quick.json"))).toMatchObject({
      backend: { current: { trust: { provenance: "token", execution: "registry-run" }, standing: "disputed" } },
    });
    const run = await textOf(`/runs/${byPath["/api/v1/runs/"]}`);
    for (const part of ["Reproductions and disputes", "has its seed, not committed yet", "Dispute of vendor:x, open"])
      expect(run).toContain(part);
    expect(await textOf(`/builds/${byPath["/api/v1/builds/"]}`)).toContain("‽ disputed");
  });
});

describe("assets", () => {
  it("may be kept for ever under their digest, and only there", async () => {
    const path = /href="(\/assets\/[0-9a-f]{16}\/style\.css)"/.exec(await textOf("/"))?.[1] ?? "";
    const asset = await call(path);
    expect(asset.headers.get("Cache-Control")).toBe("public, max-age=31536000, immutable");
    expect(await asset.text()).toContain(":root");
    const old = await call("/assets/0000000000000000/style.css");
    expect(old.headers.get("Cache-Control")).toBe("no-store");
    expect((await call("/assets/0000000000000000/constructor")).status).toBe(404);
  });
});
