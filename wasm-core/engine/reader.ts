// Reads the binary format: a cursor over bytes that never passes its end. After a failure every read answers 0.
import { E_MALFORMED, fail, failed } from "./errors";

/** A byte range, as exported to the VM: {ptr, len}. */
@unmanaged
export class Name {
  ptr: usize;
  len: u32;
}

/** Address of the module's first byte; offsets in errors count from it. */
export let base: usize = 0;
/** Cursor and end, as addresses. */
export let at: usize = 0;
export let end: usize = 0;

export function readerStart(bytes: usize, length: u32): void {
  base = bytes;
  at = bytes;
  end = bytes + length;
}

export function seek(address: usize): void {
  at = address;
}

/** Takes back bytes just read. */
export function seekBack(bytes: u32): void {
  at -= bytes;
}

/** Narrows or widens the readable range; returns the old end. */
export function setEnd(address: usize): usize {
  const old = end;
  end = address;
  return old;
}

@inline
export function offset(): u32 {
  return <u32>(at - base);
}

export function malformed(text: string): void {
  fail(E_MALFORMED, offset(), text);
}

export function readByte(): u32 {
  if (at >= end) {
    malformed("unexpected end: a byte is missing");
    return 0;
  }
  const value = load<u8>(at);
  at += 1;
  return value;
}

export function readFixed32(): u32 {
  if (end - at < 4) {
    malformed("unexpected end: four bytes are missing");
    return 0;
  }
  const value = load<u32>(at);
  at += 4;
  return value;
}

export function skip(length: u32): void {
  if (<u32>(end - at) < length) malformed("unexpected end: a length passes the end of its section");
  else at += length;
}

/** Unsigned LEB128 of at most 32 bits. */
export function readU32(): u32 {
  if (at < end && load<u8>(at) < 0x80) {
    const short = load<u8>(at);
    at += 1;
    return short;
  }
  let value: u32 = 0;
  for (let shift: u32 = 0; shift < 35; shift += 7) {
    const byte = readByte();
    if (failed) return 0;
    if (shift == 28 && byte > 0x0f) {
      malformed(byte & 0x80 ? "integer representation too long" : "integer too large");
      return 0;
    }
    value |= (byte & 0x7f) << shift;
    if (!(byte & 0x80)) return value;
  }
  return value;
}

/** Signed LEB128 of `bits` (32, 33 or 64) bits, sign-extended to 64. */
export function readSigned(bits: u32): i64 {
  let value: u64 = 0;
  let shift: u32 = 0;
  while (true) {
    const byte = readByte();
    if (failed) return 0;
    const left = bits - shift;
    if (left < 7 || (left == 7 && byte & 0x80)) {
      if (byte & 0x80) {
        malformed("integer representation too long");
        return 0;
      }
      // The unused high bits must repeat the sign bit.
      const sign = <i32>(byte << 25) >> (24 + left);
      if (sign != 0 && sign != -1) {
        malformed("integer too large");
        return 0;
      }
    }
    value |= <u64>(byte & 0x7f) << shift;
    shift += 7;
    if (!(byte & 0x80)) {
      if (shift < 64 && byte & 0x40) value |= (<u64>-1) << shift;
      return <i64>value;
    }
  }
}

/** Checks that [start, start + length) is UTF-8 (no overlong forms, no surrogates). */
export function isUtf8(start: usize, length: u32): bool {
  let p = start;
  const stop = start + length;
  while (p < stop) {
    const lead = load<u8>(p);
    if (lead < 0x80) {
      p += 1;
      continue;
    }
    const extra: u32 = lead >= 0xc2 && lead < 0xe0 ? 1 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xf0 && lead < 0xf5 ? 3 : 0;
    if (extra == 0 || stop - p <= extra) return false;
    const second = load<u8>(p, 1);
    if (lead == 0xe0 && second < 0xa0) return false;
    if (lead == 0xed && second >= 0xa0) return false;
    if (lead == 0xf0 && second < 0x90) return false;
    if (lead == 0xf4 && second >= 0x90) return false;
    for (let i: u32 = 1; i <= extra; i++) if ((load<u8>(p + i) & 0xc0) != 0x80) return false;
    p += 1 + extra;
  }
  return true;
}

/** Reads a name: its bytes stay where they are, the cursor ends behind them. */
export function readName(): usize {
  const length = readU32();
  const start = at;
  nameLength = length;
  skip(length);
  if (failed) return start;
  if (!isUtf8(start, length)) malformed("malformed UTF-8 encoding");
  return start;
}

/** Length of the name that readName read last. */
export let nameLength: u32 = 0;
