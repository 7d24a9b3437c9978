// What public reads say is made once per version of the record and kept in the isolate. The version is that of the last event,
// since every public change is an event; one statement asks for it, and for the data if the version is another one:
//
//   version │ json        json is NULL if the isolate has what that version says
import type { Env } from "../env.ts";

/** What is kept takes at most this much; the longest unused goes first. */
const KEPT_MAX_BYTES = 8 * 1024 * 1024;

/** A query that gives one JSON text. */
export interface JsonQuery {
  text: string;
  params: readonly unknown[];
}

interface Entry {
  version: string;
  value: unknown;
  sizeBytes: number;
}

const entries = new Map<string, Entry>();
let sizeBytes = 0;

/** Forgets everything: a test's database begins its events anew. */
export function forgetKept(): void {
  entries.clear();
  sizeBytes = 0;
}

/** The answer of one read. `lasting` is false if it may change without an event. */
export interface Made<Value> {
  value: Value;
  sizeBytes: number;
  lasting: boolean;
}

/**
 * One round trip. @param key names query and parameters
 * @param make from the JSON text, which is null if the query found nothing
 */
export async function keptRead<Value>(
  env: Pick<Env, "DB">,
  key: string,
  query: JsonQuery,
  make: (json: string | null) => Promise<Made<Value>>,
): Promise<Value> {
  const entry = entries.get(key);
  const row = await env.DB.prepare(statementOf(query.text))
    .bind(entry?.version ?? "", ...query.params)
    .first<{ version: string; json: string | null }>();
  const version = row?.version ?? "";
  if (entry && entry.version === version) {
    entries.delete(key);
    entries.set(key, entry);
    return entry.value as Value;
  }
  const made = await make(row?.json ?? null);
  drop(key);
  if (made.lasting && version !== "") keep(key, { version, value: made.value, sizeBytes: made.sizeBytes });
  return made.value;
}

/** The same without keeping: for pages, which need the data itself. */
export async function freshRead(env: Pick<Env, "DB">, { text, params }: JsonQuery): Promise<string | null> {
  return (
    (await env.DB.prepare(`SELECT (${text}) AS json`)
      .bind(...params)
      .first<string | null>("json")) ?? null
  );
}

const statements = new Map<string, string>();

/** CASE evaluates the query only if it is needed. */
function statementOf(text: string): string {
  const known = statements.get(text);
  if (known) return known;
  const made = `SELECT v.version, CASE WHEN v.version = ? THEN NULL ELSE (${text}) END AS json
    FROM (SELECT coalesce((SELECT id || '@' || at FROM events ORDER BY id DESC LIMIT 1), '') AS version) AS v`;
  statements.set(text, made);
  return made;
}

function keep(key: string, entry: Entry): void {
  entries.set(key, entry);
  sizeBytes += entry.sizeBytes;
  for (const oldest of entries.keys()) {
    if (sizeBytes <= KEPT_MAX_BYTES) break;
    drop(oldest);
  }
}

function drop(key: string): void {
  sizeBytes -= entries.get(key)?.sizeBytes ?? 0;
  entries.delete(key);
}

/** `json_array(…)` of columns, and what turns such an array back into an object with their names. */
export function jsonRow<Row>(columns: Readonly<Record<keyof Row & string, string>>): {
  sql: string;
  row(values: unknown[]): Row;
} {
  const names = Object.keys(columns);
  return {
    sql: `json_array(${Object.values(columns).join(", ")})`,
    row: (values) => Object.fromEntries(names.map((name, at) => [name, values[at]])) as Row,
  };
}
