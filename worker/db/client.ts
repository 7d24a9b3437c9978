import { drizzle } from "drizzle-orm/d1";
import type { Env } from "../env.ts";

/** The index. Drizzle keeps no state, so that one per request costs nothing. */
export function database(env: Pick<Env, "DB">) {
  return drizzle(env.DB);
}

export type Database = ReturnType<typeof database>;

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
