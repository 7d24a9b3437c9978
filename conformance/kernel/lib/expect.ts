/** Expectations in words: what a failed one was about is in the report, beside both numbers. */
import * as test from "../../sdk/as/test";

const NOTE_BYTES: i32 = 200;
const note = memory.data(200);

/** Expects `got` to be `want`; `what` says of what. ASCII, at most 200 characters. */
export function same(clause: i32, what: string, got: i64, want: i64): void {
  if (got !== want) say(what);
  test.expect_eq(clause, got, want);
}

/** Expects that `what` is so. */
export function holds(clause: i32, what: string, so: bool): void {
  if (!so) say(what);
  test.expect(clause, so);
}

/** Expects `got` ≥ `least`; the report then has the bound as the expected number. */
export function atLeast(clause: i32, what: string, got: i64, least: i64): void {
  if (got >= least) test.expect(clause, 1);
  else same(clause, what, got, least);
}

/** Expects `got` ≤ `most`. */
export function atMost(clause: i32, what: string, got: i64, most: i64): void {
  if (got <= most) test.expect(clause, 1);
  else same(clause, what, got, most);
}

function say(what: string): void {
  const length = min(what.length, NOTE_BYTES);
  for (let i = 0; i < length; i++) store<u8>(note + i, what.charCodeAt(i));
  test.note(<i32>note, length);
}
