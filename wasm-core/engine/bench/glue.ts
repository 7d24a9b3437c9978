// Benchmark: glue code. A queue of requests is decoded, checked and handed to a host function; answers are put back and counted.
@external("env", "host")
declare function host(kind: i32, value: i64): i64;

const QUEUE: usize = memory.data(16384, 8);
const SLOTS: u32 = 1024;

/** A request: | kind u16 | length u16 | state u32 | value u64 | */
function submit(slot: u32, x: u32): void {
  const at = QUEUE + (<usize>(slot & (SLOTS - 1)) << 4);
  store<u16>(at, <u16>(x & 15));
  store<u16>(at, <u16>(x >>> 20), 2);
  store<u32>(at, 1, 4);
  store<u64>(at, (<u64>x << 20) ^ x, 8);
}

function serve(at: usize): i32 {
  const kind: u32 = load<u16>(at);
  const value = load<u64>(at, 8);
  switch (kind) {
    case 0:
    case 1:
    case 2:
    case 3:
      store<u64>(at, host(kind, value), 8);
      return 1;
    case 4:
      return <i32>popcnt<u64>(value);
    case 5:
      return <i32>ctz<u64>(value | 0x100000000);
    case 6:
      store<u64>(at, rotl<u64>(value, 11), 8);
      return 2;
    case 7:
      return <i32>(value >> 13) & 0xff;
    case 8:
      return load<u16>(at, 2) > 2048 ? -1 : 3;
    default:
      return <i32>(value & 7);
  }
}

export function run(n: i32): i32 {
  let x: u32 = 12345;
  let sum: i32 = 0;
  for (let i: i32 = 0; i < n; i++) {
    for (let slot: u32 = 0; slot < SLOTS; slot++) {
      x ^= x << 13;
      x ^= x >>> 17;
      x ^= x << 5;
      submit(slot, x);
    }
    for (let slot: u32 = 0; slot < SLOTS; slot++) {
      const at = QUEUE + (<usize>slot << 4);
      if (load<u32>(at, 4) != 1) continue;
      sum = sum * 17 + serve(at) + <i32>load<u64>(at, 8);
      store<u32>(at, 2, 4);
    }
  }
  return sum;
}
