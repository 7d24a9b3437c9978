// Benchmark: a small real program. Text is made from a vocabulary, compressed with a hash of three bytes, expanded again,
// and compared; the CRC of the compressed form is the answer.
const TEXT: usize = memory.data(16384, 8);
const PACKED: usize = memory.data(20480, 8);
const EXPANDED: usize = memory.data(16384, 8);
const HEADS: usize = memory.data(8192, 8);
const CRC: usize = memory.data(1024, 8);
const WORDS: usize = memory.data<u8>([
  116, 104, 101, 32, 113, 117, 105, 99, 107, 32, 103, 117, 101, 115, 116, 32, 119, 114, 105, 116, 101, 115, 32, 111, 118,
  101, 114, 32, 97, 32, 108, 97, 122, 121, 32, 104, 111, 115, 116, 44, 32, 97, 110, 100, 32, 119, 97, 105, 116, 115, 46, 32,
  112, 97, 103, 101, 32, 116, 97, 98, 108, 101, 115, 32,
]);
const LENGTH: usize = 16384;

function makeText(seed: u32): void {
  let x = seed | 1;
  for (let at: usize = 0; at < LENGTH; ) {
    x = x * 1664525 + 1013904223;
    const from: usize = (x >>> 10) & 47;
    const count: usize = min<usize>(3 + ((x >>> 20) & 12), LENGTH - at);
    for (let i: usize = 0; i < count; i++) store<u8>(TEXT + at + i, load<u8>(WORDS + from + i));
    at += count;
    if ((x & 0x1f000000) == 0 && at < LENGTH) store<u8>(TEXT + at++, <u8>(x >>> 3));
  }
}

@inline
function hashAt(at: usize): usize {
  return (((load<u32>(TEXT + at) & 0xffffff) * 0x9e3779b1) >>> 20) << 1;
}

function matchLength(a: usize, b: usize): usize {
  let n: usize = 0;
  const most = min<usize>(LENGTH - b, 66);
  while (n < most && load<u8>(TEXT + a + n) == load<u8>(TEXT + b + n)) n++;
  return n;
}

/** Literal: | byte < 128 |; match: | 128 + length - 3 | distance u16 |. Answers the packed length. */
function pack(): usize {
  memory.fill(HEADS, 0, 8192);
  let out: usize = 0;
  let at: usize = 0;
  while (at < LENGTH) {
    if (at + 4 <= LENGTH) {
      const cell = HEADS + hashAt(at);
      const candidate: usize = load<u16>(cell);
      store<u16>(cell, <u16>at);
      if (candidate < at && at - candidate < 65536) {
        const length = matchLength(candidate, at);
        if (length >= 4) {
          store<u8>(PACKED + out, <u8>(128 + length - 3));
          store<u16>(PACKED + out, <u16>(at - candidate), 1);
          out += 3;
          at += length;
          continue;
        }
      }
    }
    store<u8>(PACKED + out++, load<u8>(TEXT + at++) & 127);
  }
  return out;
}

function expand(length: usize): usize {
  let out: usize = 0;
  let at: usize = 0;
  while (at < length) {
    const code: u32 = load<u8>(PACKED + at);
    if (code < 128) {
      store<u8>(EXPANDED + out++, <u8>code);
      at += 1;
      continue;
    }
    const from = out - load<u16>(PACKED + at, 1);
    const count: usize = code - 125;
    for (let i: usize = 0; i < count; i++) store<u8>(EXPANDED + out + i, load<u8>(EXPANDED + from + i));
    out += count;
    at += 3;
  }
  return out;
}

function makeCrcTable(): void {
  for (let i: u32 = 0; i < 256; i++) {
    let c = i;
    for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    store<u32>(CRC + (<usize>i << 2), c);
  }
}

function crc(length: usize): u32 {
  let c: u32 = 0xffffffff;
  for (let i: usize = 0; i < length; i++) {
    c = load<u32>(CRC + (<usize>((c ^ load<u8>(PACKED + i)) & 255) << 2)) ^ (c >>> 8);
  }
  return ~c;
}

/** Bytes that did not come back, literals being 7-bit. */
function differing(): u32 {
  let wrong: u32 = 0;
  for (let i: usize = 0; i < LENGTH; i++) {
    if ((load<u8>(TEXT + i) & 127) != (load<u8>(EXPANDED + i) & 127)) wrong += 1;
  }
  return wrong;
}

export function run(n: i32): i32 {
  makeCrcTable();
  let sum: u32 = 0;
  for (let i: i32 = 0; i < n; i++) {
    makeText(i * 77 + 5);
    const length = pack();
    const back = expand(length);
    sum = (sum ^ crc(length)) * 31 + <u32>length + (back == LENGTH ? 0 : 1000) + differing() * 7;
  }
  return sum;
}
