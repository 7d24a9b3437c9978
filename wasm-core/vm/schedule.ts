// A schedule: the choices that deviate from the default ones. Printed and read as `1-` + comma list of `<choice index>:<letter><argument>`.
//
//   deviation (12 bytes): | choice index u32 | letter u32 | argument u32 |     E has two arguments: E<vcpu>.<slot>, vcpu << 16 | slot
import { refuse, refuseNumber } from "./errors";
import { put, putByte, putU64, textLength, textOpen } from "./text";

export const CHOICE_SWITCH: u32 = 83;
export const CHOICE_DRAIN: u32 = 68;
export const CHOICE_EVICT: u32 = 69;
export const CHOICE_STEAL: u32 = 80;
export const CHOICE_ARRIVAL: u32 = 65;
export const CHOICE_TIME: u32 = 84;
export const CHOICE_VALUE: u32 = 67;
export const CHOICE_INTERRUPT: u32 = 73;
export const CHOICE_KICK: u32 = 75;
export const CHOICE_RETURN: u32 = 82;
export const CHOICE_HOIST: u32 = 72;

export const DEVIATIONS_MAX: u32 = 512;
export const DEVIATION_BYTES: usize = 12;
const TEXT_BYTES: u32 = 4096;

/** The deviations to make, and those made so far. */
const planned: usize = memory.data(6144, 4);
const made: usize = memory.data(6144, 4);
const text: usize = memory.data(4096, 4);
let plannedCount: u32 = 0;
let madeCount: u32 = 0;
let textBytes: u32 = 0;

export function plannedClear(): void {
  plannedCount = 0;
}

export function plannedTotal(): u32 {
  return plannedCount;
}

export function plannedAt(i: u32): usize {
  return planned + i * DEVIATION_BYTES;
}

/** Adds a deviation behind the others; those beyond the limit are dropped. */
export function plannedAdd(index: u32, letter: u32, argument: u32): void {
  if (plannedCount == DEVIATIONS_MAX) return;
  put12(plannedAt(plannedCount), index, letter, argument);
  plannedCount += 1;
}

export function madeClear(): void {
  madeCount = 0;
}

export function madeTotal(): u32 {
  return madeCount;
}

export function madeAt(i: u32): usize {
  return made + i * DEVIATION_BYTES;
}

export function madeAdd(index: u32, letter: u32, argument: u32): void {
  if (madeCount == DEVIATIONS_MAX) return;
  put12(madeAt(madeCount), index, letter, argument);
  madeCount += 1;
}

function put12(at: usize, index: u32, letter: u32, argument: u32): void {
  store<u32>(at, index);
  store<u32>(at, letter, 4);
  store<u32>(at, argument, 8);
}

/** Prints the deviations made. */
export function schedulePrint(): void {
  textOpen(text, TEXT_BYTES);
  put("1-");
  for (let i: u32 = 0; i < madeCount; i++) {
    const at = madeAt(i);
    if (i) putByte(44);
    putU64(load<u32>(at));
    putByte(58);
    putByte(load<u32>(at, 4));
    const argument = load<u32>(at, 8);
    if (load<u32>(at, 4) == CHOICE_TIME) continue;
    if (load<u32>(at, 4) != CHOICE_EVICT) putU64(argument);
    else {
      putU64(argument >>> 16);
      putByte(46);
      putU64(argument & 0xffff);
    }
  }
  textBytes = textLength();
}

export function scheduleText(): usize {
  return text;
}

export function scheduleTextLength(): u32 {
  return textBytes;
}

let cursor: usize = 0;
let end: usize = 0;

/** Reads a schedule into the planned deviations: 0, or a refusal that names the first bad entry. */
export function scheduleParse(at: usize, length: u32): u32 {
  plannedCount = 0;
  if (length > TEXT_BYTES) return refuse("E_SCHEDULE", -1, "the schedule is longer than 4096 bytes");
  cursor = at;
  end = at + length;
  if (length < 2 || load<u8>(at) != 49 || load<u8>(at, 1) != 45) return refuse("E_SCHEDULE", -1, "the schedule must begin with 1-, the version of the format");
  cursor += 2;
  let entry: u32 = 0;
  while (cursor < end) {
    if (entry && !take(44)) return badEntry(entry);
    if (plannedCount == DEVIATIONS_MAX || !parseEntry()) return badEntry(entry);
    entry += 1;
  }
  return 0;
}

function badEntry(entry: u32): u32 {
  return refuseNumber("E_SCHEDULE", "entry ", entry + 1, " of the schedule is not <choice index>:<letter><argument> with a larger index than the entry before");
}

function parseEntry(): bool {
  const index = number();
  if (index < 0 || !take(58) || cursor == end) return false;
  if (plannedCount && <u32>index <= load<u32>(plannedAt(plannedCount - 1))) return false;
  const letter = <u32>load<u8>(cursor);
  cursor += 1;
  if (!isLetter(letter)) return false;
  let argument = letter == CHOICE_TIME ? 0 : number();
  if (argument < 0) return false;
  if (letter == CHOICE_EVICT) {
    if (!take(46)) return false;
    const slot = number();
    if (slot < 0 || slot > 0xffff || argument > 7) return false;
    argument = (argument << 16) | slot;
  }
  plannedAdd(<u32>index, letter, <u32>argument);
  return true;
}

function isLetter(letter: u32): bool {
  return (
    letter == CHOICE_SWITCH || letter == CHOICE_DRAIN || letter == CHOICE_EVICT || letter == CHOICE_STEAL ||
    letter == CHOICE_ARRIVAL || letter == CHOICE_TIME || letter == CHOICE_VALUE || letter == CHOICE_INTERRUPT || letter == CHOICE_KICK ||
    letter == CHOICE_RETURN || letter == CHOICE_HOIST
  );
}

function take(byte: u32): bool {
  if (cursor == end || load<u8>(cursor) != byte) return false;
  cursor += 1;
  return true;
}

/** A decimal number below 2^31, -1 if there is none. */
function number(): i64 {
  let value: i64 = 0;
  const first = cursor;
  while (cursor < end && load<u8>(cursor) >= 48 && load<u8>(cursor) <= 57) {
    value = value * 10 + load<u8>(cursor) - 48;
    if (value > 0x7fffffff) return -1;
    cursor += 1;
  }
  return cursor == first ? -1 : value;
}
