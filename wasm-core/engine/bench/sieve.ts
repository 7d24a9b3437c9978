// Benchmark: sieve of Eratosthenes over bytes, then random swaps and a running sum over the same bytes.
const LIMIT: usize = 60000;
const flags: usize = memory.data(60000, 8);

function sieve(): u32 {
  memory.fill(flags, 1, LIMIT);
  for (let i: usize = 2; i * i < LIMIT; i++) {
    if (!load<u8>(flags + i)) continue;
    for (let k = i * i; k < LIMIT; k += i) store<u8>(flags + k, 0);
  }
  let primes: u32 = 0;
  for (let i: usize = 2; i < LIMIT; i++) primes += load<u8>(flags + i);
  return primes;
}

function shuffle(seed: u32): u64 {
  let x = seed;
  for (let i: u32 = 0; i < 20000; i++) {
    x = x * 1664525 + 1013904223;
    const a = flags + (x >>> 8) % LIMIT;
    const b = flags + i;
    const kept = load<u8>(a);
    store<u8>(a, load<u8>(b));
    store<u8>(b, kept);
  }
  let sum: u64 = 0;
  for (let i: usize = 0; i < LIMIT; i += 8) sum += load<u64>(flags + i) ^ <u64>i;
  return sum;
}

export function run(n: i32): i32 {
  let sum: u64 = 0;
  for (let i: i32 = 0; i < n; i++) sum = sum * 31 + sieve() + shuffle(i);
  return <i32>(sum ^ (sum >> 32));
}
