// Benchmark: hashing. Murmur-like mixing of 32-bit words, FNV of bytes and a 64-bit multiply-rotate chain over 64 KiB.
const BYTES: usize = 65536;
const buffer: usize = memory.data(65536, 8);

function fillWith(seed: u32): void {
  let x = seed | 1;
  for (let i: usize = 0; i < BYTES; i += 4) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    store<u32>(buffer + i, x);
  }
}

function murmur(seed: u32): u32 {
  let h = seed;
  for (let i: usize = 0; i < BYTES; i += 4) {
    let k = load<u32>(buffer + i) * 0xcc9e2d51;
    k = rotl<u32>(k, 15) * 0x1b873593;
    h = rotl<u32>(h ^ k, 13) * 5 + 0xe6546b64;
  }
  h ^= h >>> 16;
  h *= 0x85ebca6b;
  return h ^ (h >>> 13);
}

function fnv(): u32 {
  let h: u32 = 0x811c9dc5;
  for (let i: usize = 0; i < BYTES; i++) h = (h ^ load<u8>(buffer + i)) * 0x01000193;
  return h;
}

function wide(): u64 {
  let h: u64 = 0x9e3779b97f4a7c15;
  for (let i: usize = 0; i < BYTES; i += 8) h = rotl<u64>(h ^ load<u64>(buffer + i), 29) * 0xbf58476d1ce4e5b9;
  return h;
}

export function run(n: i32): i32 {
  let sum: u32 = 0;
  for (let i: i32 = 0; i < n; i++) {
    fillWith(i + 7);
    sum += murmur(sum) ^ fnv() ^ <u32>(wide() >> 17);
  }
  return sum;
}
