import { describe, expect, it } from "vitest";
import type { Matrix, OpView } from "../registry/views.ts";
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

  it("show each op of the suite with its clauses", async () => {
    const matrix = await jsonOf<Matrix>(await call("/index.json"));
    for (const op of matrix.groups.flatMap((group) => group.ops)) {
      const view = await jsonOf<OpView>(await call(`/ops/${op}.json`));
      const page = await textOf(`/ops/${op}`);
      expect(view.op.clauses.length, op).toBeGreaterThan(0);
      for (const clause of view.op.clauses) expect(page).toContain(`id="${clause.id}"`);
    }
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
