// Writes UTF-8 text and JSON into one fixed buffer at a time; a full buffer drops what follows and says so in textCut().

const OUTPUT_BYTES: u32 = 512 << 10;
const ERROR_BYTES: u32 = 4 << 10;
const outputBuffer: usize = memory.data(524288, 8);
const errorBuffer: usize = memory.data(4096, 8);

let start: usize = 0;
let cursor: usize = 0;
let limit: usize = 0;
let outputBytes: u32 = 0;
let errorBytes: u32 = 0;
let cut: bool = false;
/** The next JSON member needs a comma before it. */
let separate: bool = false;

/** Starts a new text in [buffer, buffer + size). */
export function textOpen(buffer: usize, size: u32): void {
  start = buffer;
  cursor = buffer;
  limit = buffer + size;
  cut = false;
  separate = false;
}

/** Bytes written since textOpen. */
export function textLength(): u32 {
  return <u32>(cursor - start);
}

/** Starts a new text in the output buffer. */
export function outputOpen(): void {
  textOpen(outputBuffer, OUTPUT_BYTES);
}

export function outputClose(): void {
  outputBytes = textLength();
}

/** Starts a new text in the error buffer. */
export function errorOpen(): void {
  textOpen(errorBuffer, ERROR_BYTES);
}

export function errorClose(): void {
  errorBytes = textLength();
}

export function outputAddress(): usize {
  return outputBuffer;
}

export function outputLength(): u32 {
  return outputBytes;
}

export function errorAddress(): usize {
  return errorBuffer;
}

export function errorLength(): u32 {
  return errorBytes;
}

/** Bytes that the open buffer still takes. */
export function textRoom(): u32 {
  return <u32>(limit - cursor);
}

export function textCut(): bool {
  return cut;
}

export function putByte(byte: u32): void {
  if (cursor == limit) {
    cut = true;
    return;
  }
  store<u8>(cursor, byte);
  cursor += 1;
}

/** Puts an ASCII literal as it is. */
export function put(text: string): void {
  const at = changetype<usize>(text);
  for (let i = 0, n = text.length; i < n; i++) putByte(load<u16>(at + (<usize>i << 1)));
}

export function putU64(value: u64): void {
  let scale: u64 = 1;
  while (value / scale >= 10) scale *= 10;
  for (; scale > 0; scale /= 10) putByte(48 + <u32>((value / scale) % 10));
}

export function putI64(value: i64): void {
  if (value < 0) putByte(45);
  putU64(value < 0 ? <u64>(0 - value) : <u64>value);
}

/** Puts `0x` and the shortest lower-case hexadecimal form. */
export function putHex(value: u64): void {
  put("0x");
  let shift: u64 = 60;
  while (shift > 0 && value >> shift == 0) shift -= 4;
  for (; ; shift -= 4) {
    const digit = <u32>((value >> shift) & 15);
    putByte(digit < 10 ? 48 + digit : 87 + digit);
    if (shift == 0) return;
  }
}

/** Puts bytes inside a JSON string: quotes, backslashes and controls escaped, bytes that are not UTF-8 replaced by "?". */
export function putEscaped(at: usize, length: u32): void {
  let i: u32 = 0;
  while (i < length) {
    const width = sequenceBytes(at + i, length - i);
    const byte = load<u8>(at + i);
    if (width == 0) {
      putByte(63);
      i += 1;
    } else if (width == 1) {
      putAscii(byte);
      i += 1;
    } else {
      for (let k: u32 = 0; k < width; k++) putByte(load<u8>(at + i + k));
      i += width;
    }
  }
}

function putAscii(byte: u32): void {
  if (byte == 34 || byte == 92) putByte(92);
  if (byte >= 32 && byte != 127) putByte(byte);
  else putByte(byte == 10 || byte == 9 ? 32 : 63);
}

/** Length of the well-formed UTF-8 sequence at `at`, 0 if there is none within `room` bytes. */
function sequenceBytes(at: usize, room: u32): u32 {
  const first = <u32>load<u8>(at);
  if (first < 0x80) return 1;
  const width: u32 = first >= 0xc2 && first <= 0xdf ? 2 : (first & 0xf0) == 0xe0 ? 3 : first >= 0xf0 && first <= 0xf4 ? 4 : 0;
  if (width == 0 || width > room) return 0;
  for (let i: u32 = 1; i < width; i++) if ((load<u8>(at + i) & 0xc0) != 0x80) return 0;
  const second = <u32>load<u8>(at, 1);
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f)) return 0;
  if ((first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) return 0;
  return width;
}

/** `{` or `[`: the next member needs no comma. */
export function open(bracket: string): void {
  comma();
  put(bracket);
  separate = false;
}

export function close(bracket: string): void {
  put(bracket);
  separate = true;
}

export function comma(): void {
  if (separate) putByte(44);
  separate = true;
}

/** `"name":`, after which exactly one value follows. */
export function key(name: string): void {
  comma();
  putByte(34);
  put(name);
  put('":');
  separate = false;
}

export function numberValue(value: i64): void {
  comma();
  putI64(value);
}

/** A u64 as a decimal string. */
export function bigValue(value: u64): void {
  comma();
  putByte(34);
  putU64(value);
  putByte(34);
}

export function wordValue(text: string): void {
  comma();
  putByte(34);
  put(text);
  putByte(34);
}

export function bytesValue(at: usize, length: u32): void {
  comma();
  putByte(34);
  putEscaped(at, length);
  putByte(34);
}

export function nullValue(): void {
  comma();
  put("null");
}
