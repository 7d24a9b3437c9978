// Shadow tables of the trap-and-emulate test host: one root per vCPU, filled from the guest's tables on demand, emptied on
// every flush, when what the walker has marked in them (A, D) is copied to the guest's.
import { machineAddress } from "./host-common";
import { frames, get, load64, owner, param, rmw, set, store64, tlb } from "./host-imports";

const HW_ROOT: i32 = 0x50;
const CR3: i32 = 0x32;
const FRAME: i64 = 0x000ffffffffff000;
/** Host frames of each vCPU's tables. */
const POOL: i32 = 12;
/** Bits of a page fault's error code. */
const WRITE: i64 = 2;
const USER: i64 = 4;
const FETCH: i64 = 16;
/** Bits of an entry: A; A and D. */
const ACCESSED: i64 = 0x20;
const MARKS: i64 = 0x60;
const LOCKED_OR_64: i32 = 0x133;
const used: StaticArray<i32> = [0, 0, 0, 0, 0, 0, 0, 0];

/** Machine addresses of host frames, wherever they lie. */
const hostFrames: usize = memory.data(768, 8);

/** To be called at boot: finds the frames and gives every vCPU empty tables. */
export function pagingInit(): void {
  let known = 0;
  for (let mfn: i64 = 0; mfn < frames() && known < (param(0) as i32) * POOL; mfn++) {
    if (owner(mfn) == 0) store<i64>(hostFrames + (known++ << 3), mfn << 12);
  }
  for (let v = 0; v < (param(0) as i32); v++) forget(v);
}

/** An empty table. */
function fresh(vcpu: i32): i64 {
  return load<i64>(hostFrames + ((vcpu * POOL + used[vcpu]++) << 3));
}

/** Machine addresses of the entries written since each vCPU's tables were empty. */
const WRITTEN_MAX: i32 = 64;
const written: usize = memory.data(4096, 8);
const writtenCount: StaticArray<i32> = [0, 0, 0, 0, 0, 0, 0, 0];

function write(vcpu: i32, at: i64, entry: i64): void {
  store<i64>(written + ((vcpu * WRITTEN_MAX + writtenCount[vcpu]++) << 3), at);
  store64(at, entry);
}

/** Leaves filled for each vCPU: {machine address in the shadow, of the guest's entry} each, and how many. */
const LEAVES_MAX: i32 = 24;
const leaves: usize = memory.data(4096, 8);
const leafCount: StaticArray<i32> = [0, 0, 0, 0, 0, 0, 0, 0];

/** Empties a vCPU's tables. What the walker has marked in them is copied to the guest's first. */
export function forget(vcpu: i32): void {
  for (let i = 0; i < leafCount[vcpu]; i++) copyMarks(leaves + ((vcpu * LEAVES_MAX + i) << 4));
  for (let i = 0; i < writtenCount[vcpu]; i++) store64(load<i64>(written + ((vcpu * WRITTEN_MAX + i) << 3)), 0);
  leafCount[vcpu] = writtenCount[vcpu] = 0;
  used[vcpu] = 0;
  set(vcpu, HW_ROOT, fresh(vcpu));
  tlb(vcpu, 0, 0, 0);
}

/** Sets A and D of a shadow leaf in the guest's entry that it was made of, if that is still the same. */
function copyMarks(leaf: usize): void {
  const shadow = load64(load<i64>(leaf));
  const guest = load64(load<i64>(leaf, 8));
  if (!(shadow & MARKS) || !(guest & 1) || machineAddress(guest & FRAME) != (shadow & FRAME)) return;
  rmw(LOCKED_OR_64, load<i64>(leaf, 8), shadow & MARKS);
}

/** Machine address of the guest's last-level entry that the last walk found. */
let leafAt: i64 = 0;

/** The guest's last-level entry of va, writable if all levels are; 0 if it does not allow the access. A is set above it. */
function walk(vcpu: i32, va: i64, error: i64): i64 {
  let table = machineAddress(get(vcpu, CR3) & FRAME);
  let entry: i64 = 0;
  let allowed: i64 = WRITE | USER;
  for (let level = 4; level >= 1; level--) {
    leafAt = table + (((va >> (3 + 9 * level)) & 511) << 3);
    entry = load64(leafAt);
    refusedPresent = (entry & 1) != 0;
    if (!refusedPresent || (entry & FRAME) >> 12 >= param(1)) return 0;
    allowed &= entry;
    if (level > 1 && !(entry & ACCESSED)) rmw(LOCKED_OR_64, leafAt, ACCESSED);
    table = machineAddress(entry & FRAME);
  }
  if (error & FETCH && entry < 0) return 0;
  return error & (WRITE | USER) & ~allowed ? 0 : (entry & ~(WRITE | USER)) | allowed;
}

/** Whether the last walk that refused an access found a present entry: bit 0 of the guest's error code. */
export let refusedPresent: bool = false;

/** Maps va in the shadow as the guest's tables do (`mask`: permissions it may have), A and D clear; false if they do not. */
export function fill(vcpu: i32, va: i64, error: i64, mask: i64 = ~0): bool {
  const leaf = walk(vcpu, va, error) & mask;
  if (!leaf) return false;
  const guest = leafAt;
  if (leafCount[vcpu] == LEAVES_MAX) forget(vcpu);
  enterLeaf(vcpu, va, machineAddress(leaf & FRAME) | (leaf & ~(FRAME | MARKS)));
  const record = leaves + ((vcpu * LEAVES_MAX + leafCount[vcpu]++) << 4);
  store<i64>(record, shadowAt);
  store<i64>(record, guest, 8);
  return true;
}

/** Machine address of the shadow leaf written last. */
let shadowAt: i64 = 0;

function enterLeaf(vcpu: i32, va: i64, leaf: i64): void {
  if (used[vcpu] > POOL - 4) forget(vcpu);
  let table = get(vcpu, HW_ROOT);
  for (let level = 4; level > 1; level--) {
    const at = table + (((va >> (3 + 9 * level)) & 511) << 3);
    if (!(load64(at) & 1)) write(vcpu, at, fresh(vcpu) | 0x27);
    table = load64(at) & FRAME;
  }
  shadowAt = table + (((va >> 12) & 511) << 3);
  write(vcpu, shadowAt, leaf);
  tlb(vcpu, 2, va, 0);
}

/** Breaks isolation: 0 its own frame writable, 1 somebody else's read-only, 2 the root writable. 3 does not: its own frame read-only. */
export function misplace(vcpu: i32, how: i32): void {
  const wanted = how == 1 ? 2 : 0;
  let mfn = 0;
  while (owner(mfn) != wanted || ((mfn as i64) << 12) == get(vcpu, HW_ROOT)) mfn++;
  const frame = how == 2 ? get(vcpu, HW_ROOT) : (mfn as i64) << 12;
  enterLeaf(vcpu, 0x7000_0000_0000, frame | (how == 0 || how == 2 ? 0x67 : 0x65));
}

/** Machine address of a va of the guest for reading (0) or writing (2); 0 if it is not mapped so. */
export function physical(vcpu: i32, va: i64, error: i64): i64 {
  const leaf = walk(vcpu, va, error);
  if (leaf) rmw(LOCKED_OR_64, leafAt, error & WRITE ? MARKS : ACCESSED);
  return leaf ? machineAddress(leaf & FRAME) | (va & 0xfff) : 0;
}

/** The word at a va of the guest; 0 if it is not mapped. */
export function read(vcpu: i32, va: i64): i64 {
  const at = physical(vcpu, va, 0);
  return at ? load64(at) : 0;
}
