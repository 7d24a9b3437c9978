import type { D1PreparedStatement } from "@cloudflare/workers-types";
import { SQL } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { SQLiteAsyncDialect } from "drizzle-orm/sqlite-core";
import type { Env } from "../env.ts";

/** The index. Drizzle keeps no state, so that one per request costs nothing. */
export function database(env: Pick<Env, "DB">) {
  return drizzle(env.DB);
}

export type Database = ReturnType<typeof database>;

const dialect = new SQLiteAsyncDialect();

/** A drizzle query or a raw `sql` as a D1 statement: drizzle's own batch does not bind the parameters of raw ones. */
export function statement(
  env: Pick<Env, "DB">,
  query: SQL | { toSQL(): { sql: string; params: unknown[] } },
): D1PreparedStatement {
  const { sql, params } = query instanceof SQL ? dialect.sqlToQuery(query) : query.toSQL();
  return env.DB.prepare(sql).bind(...params);
}

/** True for a violated UNIQUE or PRIMARY KEY. */
export function isDuplicate(error: unknown): boolean {
  return reasonOf(error).includes("UNIQUE constraint failed");
}

/** The innermost message: drizzle wraps what D1 says, and D1 what SQLite says. */
export function reasonOf(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && inner.cause !== undefined) inner = inner.cause;
  return inner instanceof Error ? inner.message : String(inner);
}
