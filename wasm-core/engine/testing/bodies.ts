// Modules of raw function bodies, large ones too: what assemble() is too convenient, and too slow, for.
import { HEADER, name, unsigned } from "./assemble.ts";

export interface BodiesSource {
  /** Encoded types; type 0 is () → () unless given. */
  types?: number[][];
  /** Type index, and the body from its locals to its last `end`. Function i is exported as `f<i>`. */
  functions: { type?: number; body: number[] }[];
  /** Encoded table types. */
  tables?: number[][];
}

/** [] → [], and [i32 × count] → [i32 × count] */
export const EMPTY_TYPE = [0x60, 0, 0];
export const wideType = (count: number): number[] => {
  const values = [...unsigned(count), ...new Array<number>(count).fill(0x7f)];
  return [0x60, ...values, ...values];
};

export function repeat(count: number, bytes: number[]): number[] {
  return Array.from({ length: count * bytes.length }, (_, i) => bytes[i % bytes.length] as number);
}

export function fromBodies({ types = [EMPTY_TYPE], functions, tables = [] }: BodiesSource): Uint8Array<ArrayBuffer> {
  const parts: number[][] = [HEADER];
  const add = (id: number, items: number[][]) => {
    const bytes = unsigned(items.length).concat(...items);
    parts.push([id, ...unsigned(bytes.length)], bytes);
  };
  add(1, types);
  add(
    3,
    functions.map(({ type = 0 }) => unsigned(type)),
  );
  if (tables.length) add(4, tables);
  add(
    7,
    functions.map((_, i) => [...name(`f${i}`), 0, ...unsigned(i)]),
  );
  add(
    10,
    functions.map(({ body }) => unsigned(body.length).concat(body)),
  );
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
