import { env } from "cloudflare:test";
import { is } from "drizzle-orm";
import { getTableConfig, SQLiteTable } from "drizzle-orm/sqlite-core";
import { describe, expect, it } from "vitest";
import * as schema from "./schema.ts";

const tables = Object.values(schema).flatMap((value) => (is(value, SQLiteTable) ? [getTableConfig(value)] : []));

describe("migrations", () => {
  it.each(tables.map((table) => [table.name, table] as const))(
    "make table %s as the schema says",
    async (name, table) => {
      const { results } = await env.DB.prepare('SELECT name, type, "notnull" FROM pragma_table_info(?)')
        .bind(name)
        .all();
      const told = table.columns.map((column) => ({
        name: column.name,
        type: column.getSQLType().toUpperCase(),
        notnull: column.notNull ? 1 : 0,
      }));
      expect(results).toEqual(told);
      const indexes = await env.DB.prepare("SELECT name FROM pragma_index_list(?)").bind(name).all<{ name: string }>();
      for (const { config } of table.indexes) expect(indexes.results.map((index) => index.name)).toContain(config.name);
    },
  );

  it("make no table that the schema lacks", async () => {
    const { results } = await env.DB.prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_cf%' ESCAPE '\\' AND name <> 'd1_migrations' ORDER BY name",
    ).all<{ name: string }>();
    expect(results.map(({ name }) => name)).toEqual(tables.map(({ name }) => name).sort());
  });
});
