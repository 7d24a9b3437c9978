import { env } from "cloudflare:test";
import type { SQL } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { statement } from "../db/client.ts";
import { disputesQuery } from "../trust/disputes.ts";
import type { JsonQuery } from "./kept.ts";
import { backendsQuery, buildsQuery, eventsQuery, runsQuery, vendorEventsQuery, vendorsQuery } from "./list-queries.ts";
import type { Key, PageRequest } from "./paging.ts";
import { badgeQuery } from "./read-badge.ts";
import { matrixQuery } from "./read-matrix.ts";
import { runQuery } from "./read-run.ts";

const page = (after: Key | null): PageRequest => ({ limit: 50, after });

const lists: [name: string, query: (page: PageRequest) => SQL, key: Key][] = [
  ["vendors", vendorsQuery, ["a"]],
  ["backends", (at) => backendsQuery({}, at), ["a", "b"]],
  ["backends of a vendor", (at) => backendsQuery({ vendor: "a" }, at), ["a", "b"]],
  ["builds", (at) => buildsQuery({}, at), [1, "x"]],
  ["builds of a vendor", (at) => buildsQuery({ vendor: "a" }, at), [1, "x"]],
  ["builds of a backend", (at) => buildsQuery({ vendor: "a", backend: "b" }, at), [1, "x"]],
  ["runs", (at) => runsQuery({}, at), [1, "x"]],
  ["runs in a state", (at) => runsQuery({ state: "running" }, at), [1, "x"]],
  ["runs of a build", (at) => runsQuery({ build: "x" }, at), [1, "x"]],
  ["runs of a build in a state", (at) => runsQuery({ build: "x", state: "running" }, at), [1, "x"]],
  ["events of a run", (at) => eventsQuery("x", at), [1]],
  ["events of a vendor", (at) => vendorEventsQuery("a", at), [1]],
  ["disputes", disputesQuery, [1, "x"]],
];

/** Reads that give one JSON text, as they are sent. */
const texts: [name: string, query: JsonQuery][] = [
  ["matrix, first page", matrixQuery(page(null))],
  ["matrix, later page", matrixQuery(page(["a", "b"]))],
  ["a run", runQuery("x")],
  ["badge of a backend", badgeQuery({ vendor: "a", backend: "b" })],
  ["badge of a group", badgeQuery({ vendor: "a", backend: "b", group: "g" })],
  ["badge of a build", badgeQuery({ build: "x" })],
];

async function planOf(query: SQL): Promise<string[]> {
  const { sql, params } = explained(query);
  return planOfText(sql, params);
}

async function planOfText(sql: string, params: readonly unknown[]): Promise<string[]> {
  const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .bind(...params)
    .all<{ detail: string }>();
  return results.map(({ detail }) => detail);
}

describe.each(texts)("the plan of %s", (name, { text, params }) => {
  it("finds every row by an index", async () => {
    const plan = await planOfText(text, params);
    expect(plan.length).toBeGreaterThan(0);
    // A subquery is a result by itself, no table.
    expect(plan.filter((step) => /^SCAN (?!.*USING (COVERING )?INDEX|\(subquery)/.test(step))).toEqual([]);
    if (name.startsWith("matrix")) expect(plan.filter((step) => /TEMP B-TREE/.test(step))).toEqual([]);
  });
});

/** The text and parameters of a query, as the statement that is sent would have them. */
function explained(query: SQL): { sql: string; params: unknown[] } {
  const taken = { sql: "", params: [] as unknown[] };
  const DB = {
    prepare: (text: string) => {
      taken.sql = text;
      return { bind: (...values: unknown[]) => void taken.params.push(...values) };
    },
  };
  statement({ DB } as never, query);
  return taken;
}

describe.each(lists)("the plan of %s", (_name, query, key) => {
  it.each([
    ["first page", null],
    ["later page", key],
  ])("walks an index on its %s and sorts nothing", async (_page, after) => {
    const plan = await planOf(query(page(after)));
    expect(plan.length).toBeGreaterThan(0);
    expect(plan.filter((step) => /^SCAN (?!.*USING (COVERING )?INDEX)/.test(step))).toEqual([]);
    expect(plan.filter((step) => /TEMP B-TREE/.test(step))).toEqual([]);
  });
});
