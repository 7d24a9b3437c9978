// Cases of the test kernel with hostile page tables of its own: 110 and up. They go into slot 192 of the root, which nobody uses.
import { DIRECT_MAP, expect, expectEq, invlpg, iret, load64, mfence, param, store64 } from "./imports";
import { setGate } from "./kernel";

@external("machine", "read_cr") declare function readCr(n: i32): i64;
@external("machine", "write_cr") declare function writeCr(n: i32, v: i64): void;

const FRAME: i64 = 0x000ffffffffff000;
const MARKS: i64 = 0x60;
/** P, W. */
const TABLE: i64 = 3;
const HUGE: i64 = 0x80;
const RESERVED: i64 = (1 as i64) << 45;
const SLOT: i64 = 192;
const BASE: i64 = SLOT << 39;
const ALL_ONES: i64 = -1;
/** Private words: vector of the last fault, 0 = none since it was looked at; its error code. */
const VECTOR: usize = 96;
const ERROR: usize = 104;

export function runTableCase(index: i32): void {
  setGate(13, onProtection);
  setGate(14, onPageFault);
  store<i64>(VECTOR, 0);
  switch (index) {
    case 110: return selfMapped();
    case 111: return circular();
    case 112: return hugeOverTables();
    case 113: return beyondMemory();
    case 114: return reservedBits();
    case 115: return notCanonical();
  }
  unreachable();
}

function onPageFault(frame: i64): void {
  store<i64>(VECTOR, 14);
  skip(frame);
}

function onProtection(frame: i64): void {
  store<i64>(VECTOR, 13);
  skip(frame);
}

/** Goes on behind the instruction; the error code lies below the frame. */
function skip(frame: i64): void {
  store<i64>(ERROR, load64(frame));
  store64(frame + 8, load64(frame + 8) + 1);
  iret(frame + 8);
}

/** Vector << 8 | error code of what an access has raised, 0 = nothing. */
function raised(): i64 {
  const vector = load<i64>(VECTOR);
  store<i64>(VECTOR, 0);
  return vector ? (vector << 8) | load<i64>(ERROR) : 0;
}

function root(): i64 {
  return DIRECT_MAP + (readCr(3) & FRAME);
}

/** Address, guest-physical, of free page i. */
function page(i: i64): i64 {
  return (param(5) + i) << 12;
}

function slot(entry: i64): void {
  store64(root() + SLOT * 8, entry);
  writeCr(3, readCr(3));
}

/** The root is its own table of every level: entries read and written through themselves are the guest's. */
function selfMapped(): void {
  const entry = (readCr(3) & FRAME) | TABLE;
  slot(entry);
  const self = BASE | (SLOT << 30) | (SLOT << 21) | (SLOT << 12);
  expectEq(110, load64(self + SLOT * 8) & ~MARKS, entry);
  expectEq(110, raised(), 0);
  // Through the window a second way to a page: what is stored in the table takes effect.
  store64(DIRECT_MAP + page(0), 77);
  const pdpt = page(1) | TABLE;
  store64(self + 193 * 8, pdpt);
  store64(DIRECT_MAP + page(1), page(2) | TABLE);
  store64(DIRECT_MAP + page(2), page(3) | TABLE);
  store64(DIRECT_MAP + page(3), page(0) | TABLE);
  expectEq(110, load64((193 as i64) << 39), 77);
  expectEq(110, load64(root() + 193 * 8) & ~MARKS, pdpt);
  store64(self + 193 * 8, 0);
  invlpg((193 as i64) << 39);
  load64((193 as i64) << 39);
  expectEq(110, raised(), 14 << 8);
  slot(0);
}

/** One page is the table of all levels below the root, and the page that it maps. */
function circular(): void {
  const entry = page(0) | TABLE;
  store64(DIRECT_MAP + page(0), entry);
  store64(DIRECT_MAP + page(0) + 8, page(1) | TABLE);
  store64(DIRECT_MAP + page(1), 5);
  slot(entry);
  expectEq(111, load64(BASE) & ~MARKS, entry);
  expectEq(111, load64(BASE + 4096), 5);
  // The table rewrites itself through itself.
  store64(DIRECT_MAP + page(2), 6);
  store64(BASE + 8, page(2) | TABLE);
  invlpg(BASE + 4096);
  expectEq(111, load64(BASE + 4096), 6);
  store64(BASE, 0);
  invlpg(BASE);
  load64(BASE);
  expectEq(111, raised(), 14 << 8);
  slot(0);
}

/** A page of 2 MiB over all memory, the tables in use among it: stores to them through it are as good as others. */
function hugeOverTables(): void {
  store64(DIRECT_MAP + page(0), page(1) | TABLE);
  store64(DIRECT_MAP + page(1), TABLE | HUGE | MARKS);
  slot(page(0) | TABLE);
  store64(DIRECT_MAP + page(2), 8);
  expectEq(112, load64(BASE + page(2)), 8);
  const at = (readCr(3) & FRAME) + SLOT * 8;
  expectEq(112, load64(BASE + at) & ~MARKS, page(0) | TABLE);
  store64(BASE + at, 0);
  writeCr(3, readCr(3));
  load64(BASE + page(2));
  expectEq(112, raised(), 14 << 8);
}

/** Frames that the guest does not have: nothing answers, neither to accesses nor to walks. */
function beyondMemory(): void {
  store64(DIRECT_MAP + page(0), page(1) | TABLE);
  store64(DIRECT_MAP + page(1), page(2) | TABLE);
  slot(page(0) | TABLE);
  for (let frame = param(1); frame < param(1) + 70; frame += 23) {
    store64(DIRECT_MAP + page(2), (frame << 12) | TABLE);
    invlpg(BASE);
    store64(BASE, 1);
    // Not from the store buffer.
    mfence();
    expectEq(113, load64(BASE), ALL_ONES);
    expectEq(113, raised(), 0);
    // As a table it reads all ones, with the reserved bits.
    store64(DIRECT_MAP + page(1), (frame << 12) | TABLE);
    invlpg(BASE);
    load64(BASE);
    expectEq(113, raised(), (14 << 8) | 9);
    store64(DIRECT_MAP + page(1), page(2) | TABLE);
    invlpg(BASE);
  }
  slot(0);
}

/** Reserved bits of each level. */
function reservedBits(): void {
  for (let level: i64 = 0; level < 3; level++) store64(DIRECT_MAP + page(level), page(level + 1) | TABLE);
  for (let level: i64 = -1; level < 3; level++) {
    const at = level < 0 ? root() + SLOT * 8 : DIRECT_MAP + page(level);
    slot(page(0) | TABLE);
    const entry = load64(at) & ~MARKS;
    store64(at, entry | RESERVED);
    invlpg(BASE);
    store64(BASE, 1);
    expectEq(114, raised(), (14 << 8) | 11);
    store64(at, level < 0 ? entry | HUGE : entry);
    invlpg(BASE);
    load64(BASE);
    // Bit 7 is reserved in the root.
    expectEq(114, raised(), level < 0 ? (14 << 8) | 9 : 0);
  }
  slot(0);
}

/** Addresses that are none, of accesses and as frames of CR3. */
function notCanonical(): void {
  load64((1 as i64) << 47);
  expectEq(115, raised(), 13 << 8);
  store64(~(((1 as i64) << 47) - 1) ^ ((1 as i64) << 60), 1);
  expectEq(115, raised(), 13 << 8);
  const before = readCr(3);
  writeCr(3, before | ((1 as i64) << 52));
  expectEq(115, raised(), 13 << 8);
  expectEq(115, readCr(3), before);
  expect(115, load64(root()) != ALL_ONES ? 1 : 0);
}
