/** Canonical JSON: RFC 8785 without fractions; integers above 2^53−1 are decimal strings. */
import canonicalize from "canonicalize";
import { RunnerError } from "./errors.ts";

/** What canonical JSON may hold. */
export type Json = null | boolean | number | bigint | string | Json[] | { [key: string]: Json };

/**
 * @param value plain data; a bigint becomes a number if it is safe, else a decimal string
 * @throws RunnerError "not-canonical" for fractions, unsafe or negative-zero numbers, undefined, lone surrogates, non-plain objects
 * @example canonicalText({ b: 1, a: 2n ** 60n }) // {"a":"1152921504606846976","b":1}
 */
export function canonicalText(value: unknown): string {
  let text: string | undefined;
  try {
    text = canonicalize(checked(value, ""));
  } catch (error) {
    if (error instanceof RunnerError) throw error;
    throw refuse("", error instanceof Error ? error.message : String(error));
  }
  if (text === undefined) throw refuse("", "it is not JSON");
  return text;
}

/** UTF-8 bytes of canonicalText. */
export function canonicalBytes(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(canonicalText(value));
}

function checked(value: unknown, at: string): Json {
  switch (typeof value) {
    case "boolean":
    case "string":
      return value;
    case "number":
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw refuse(at, `${value} is not a safe integer`);
      return value;
    case "bigint":
      return value >= -MAX_SAFE && value <= MAX_SAFE ? Number(value) : value.toString();
    case "object":
      if (value === null) return null;
      if (Array.isArray(value)) return value.map((item, index) => checked(item, `${at}/${index}`));
      return checkedObject(value, at);
    default:
      throw refuse(at, `a ${typeof value} has no JSON form`);
  }
}

function checkedObject(value: object, at: string): Json {
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw refuse(at, "it is not a plain object");
  const copy: { [key: string]: Json } = Object.create(null);
  for (const [key, item] of Object.entries(value)) copy[key] = checked(item, `${at}/${key}`);
  return copy;
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

function refuse(at: string, why: string): RunnerError {
  return new RunnerError(
    "not-canonical",
    `Value at "${at}" cannot be written as canonical JSON: ${why}. Use integers up to 2^53-1, or a decimal string.`,
  );
}
