// Keyset paging: a page begins after the sort key of the last item before it, so that it costs the same however far in.
//   after = base64url( JSON array of the key's values )       opaque to callers
import { ProblemError } from "../problems.ts";

export const PAGE_LIMIT = 50;
export const PAGE_LIMIT_MAX = 100;

/** Values of a sort key. */
export type Key = readonly (string | number)[];

export interface PageRequest {
  limit: number;
  /** Key of the last item before the page; null for the first page. */
  after: Key | null;
}

export interface PageOf<Item> {
  items: Item[];
  /** `after` of the next page, or null at the end. */
  next: string | null;
}

export const firstPage: PageRequest = { limit: PAGE_LIMIT, after: null };

export function encodeAfter(key: Key): string {
  const bytes = new TextEncoder().encode(JSON.stringify(key));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** @param shape the types of the key's values @throws ProblemError malformed-request */
export function decodeAfter(text: string, shape: readonly ("string" | "number")[]): Key {
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
    const key: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    const fits =
      Array.isArray(key) && key.length === shape.length && key.every((value, at) => typeof value === shape[at]);
    if (fits) return key;
  } catch {
    // Falls through: not of our making.
  }
  throw new ProblemError("malformed-request", "`after` is not from a page of this list; take it from `next` or Link.");
}

/** A page of rows that were asked for with one more than the limit. */
export function pageOf<Row, Item>(
  rows: Row[],
  { limit }: PageRequest,
  { key, view }: { key(row: Row): Key; view(row: Row): Item },
): PageOf<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(view), next: rows.length > limit && last ? encodeAfter(key(last)) : null };
}
