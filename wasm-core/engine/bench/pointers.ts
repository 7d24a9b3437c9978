// Benchmark: pointer chasing and bit twiddling. A four-level page walk that sets flags, a ring of linked records, a bitmap allocator.
const PAGES: usize = memory.data(61440, 4096);
const RING: usize = memory.data(32768, 8);
const BITMAP: usize = memory.data(1024, 8);
const PRESENT: u64 = 1;
const ACCESSED: u64 = 0x20;
const DIRTY: u64 = 0x40;

/** Fifteen tables of 512 entries: each level's tables point at the next level's, chosen by the seed. */
function buildTables(seed: u32): void {
  let x = seed;
  for (let i: usize = 0; i < 7680; i++) {
    x = x * 1103515245 + 12345;
    const target = ((x >>> 9) % 15) << 12;
    store<u64>(PAGES + (i << 3), <u64>target | ((x >>> 28) == 3 ? 0 : PRESENT));
  }
}

function walk(address: u64, write: bool): u32 {
  let table: usize = 0;
  for (let shift: u64 = 39; shift >= 12; shift -= 9) {
    const entry = PAGES + table + <usize>(((address >> shift) & 511) << 3);
    const value = load<u64>(entry);
    if (!(value & PRESENT)) return <u32>shift;
    const marked = value | ACCESSED | (write && shift == 12 ? DIRTY : 0);
    if (marked != value) store<u64>(entry, marked);
    table = <usize>(value & 0xffff000);
  }
  return <u32>(table | (<usize>address & 0xfff));
}

function buildRing(): void {
  for (let i: u32 = 0; i < 4096; i++) {
    store<u32>(RING + (i << 3), ((i * 2729 + 1) & 4095) << 3);
    store<u32>(RING + (i << 3), i * 0x9e3779b1, 4);
  }
}

function chase(steps: u32): u32 {
  let at: usize = 0;
  let sum: u32 = 0;
  for (let i: u32 = 0; i < steps; i++) {
    const weight = load<u32>(RING + at, 4);
    sum = rotl<u32>(sum, popcnt<u32>(weight) & 7) + (weight >>> 3);
    at = load<u32>(RING + at);
  }
  return sum;
}

function allocate(): i32 {
  for (let i: usize = 0; i < 1024; i += 8) {
    const free = ~load<u64>(BITMAP + i);
    if (!free) continue;
    store<u64>(BITMAP + i, ~(free & (free - 1)));
    return (<i32>i << 3) + <i32>ctz<u64>(free);
  }
  return -1;
}

export function run(n: i32): i32 {
  let sum: u32 = 0;
  for (let i: i32 = 0; i < n; i++) {
    buildTables(i);
    buildRing();
    memory.fill(BITMAP, 0, 1024);
    let address: u64 = 0x123456789abc;
    for (let k: u32 = 0; k < 10000; k++) {
      address = address * 6364136223846793005 + 1442695040888963407;
      sum = rotl<u32>(sum ^ walk(address >> 16, (k & 3) == 0), 5);
    }
    sum += chase(30000);
    for (let k: u32 = 0; k < 600; k++) sum = sum * 33 + allocate();
  }
  return sum;
}
