// Bump allocation inside core.wasm's own memory. Four kinds of storage, by how a snapshot treats them:
//
//   | static data | hot (256 KiB) | image map | immutable, paged and stack blocks in order of allocation … | cap
//                 ^ HOT, 4 KiB aligned         ^ grows upward, released only by arenaReset
//
// Paged blocks are found again through a table, so that snapshots and digests visit exactly them.

import { snapshotForget } from "./snapshot";

/** Bytes of one tracked page. */
export const PAGE_BYTES: usize = 4096;
/** One byte per 4 KiB page of the whole memory: 1 = written since the last snapshot or restore. */
export const DIRTY: usize = memory.data(32768, 4096);
/** No allocation reaches beyond this address. */
export const ARENA_CAP_BYTES: usize = 96 << 20;
export const HOT_MAX_BYTES: usize = 256 << 10;

const PAGED_MAX: u32 = 1024;
const STACKS_MAX: u32 = 128;
/** Table of paged blocks: {start u32, size u32}. */
export const PAGED_TABLE: usize = memory.data(8192, 8);
/** Table of stacks: {start u32, highCell u32, liveCell u32, image u32, imageCapacity u32, imageLength u32}. */
export const STACK_TABLE: usize = memory.data(3072, 8);
export const STACK_RECORD_BYTES: usize = 24;

/** Counts arenaReset calls: whoever caches an address compares it. */
export let arenaGeneration: u32 = 0;

/** Bytes kept on both sides of every block: tests see by them whether anything was written beside a block. */
let guardBytes: usize = 0;
const GUARD: u8 = 0xa5;

let bump: usize = 0;
let hotStart: usize = 0;
let hotTop: usize = 0;
let imageMapAddress: usize = 0;
let pagedCount: u32 = 0;
let stackCount: u32 = 0;

/** Forgets every allocation; must be called once before the first one. */
export function arenaReset(): void {
  hotStart = (__heap_base + (PAGE_BYTES - 1)) & ~(PAGE_BYTES - 1);
  hotTop = hotStart;
  bump = hotStart + HOT_MAX_BYTES;
  pagedCount = 0;
  stackCount = 0;
  arenaGeneration += 1;
  snapshotForget();
  reach(bump);
  memory.fill(hotStart, 0, HOT_MAX_BYTES);
  memory.fill(DIRTY, 0, 32768);
  imageMapAddress = immutableAlloc((ARENA_CAP_BYTES / PAGE_BYTES) << 2);
}

/** Guards of so many bytes (a multiple of 16) around every block allocated from now on; 0 = none, as in the product. */
export function arenaGuard(bytes: usize): void {
  guardBytes = bytes;
}

function fillGuards(start: usize, end: usize): void {
  memory.fill(start - guardBytes, GUARD, guardBytes);
  memory.fill(end, GUARD, guardBytes);
}

/** Makes memory up to `end` addressable; false beyond the cap. */
function reach(end: usize): bool {
  if (end > ARENA_CAP_BYTES) return false;
  const pages = <i32>((end + 0xffff) >>> 16);
  const missing = pages - memory.size();
  return missing <= 0 || memory.grow(missing) >= 0;
}

@inline
function takeAligned(size: usize, align: usize): usize {
  const start = (bump + guardBytes + (align - 1)) & ~(align - 1);
  if (size > ARENA_CAP_BYTES || !reach(start + size + guardBytes)) return 0;
  bump = start + size + guardBytes;
  if (guardBytes) fillGuards(start, start + size);
  return start;
}

/** Storage that never changes after linking: 8-aligned, zeroed; 0 when the cap is hit. */
export function immutableAlloc(size: usize): usize {
  const start = takeAligned((size + 7) & ~7, 8);
  if (start) memory.fill(start, 0, size);
  return start;
}

/** Mutable storage tracked by page: every write must be followed by markDirty. 4096-aligned, zeroed, size rounded up; 0 at the cap. */
export function pagedAlloc(size: usize): usize {
  if (pagedCount == PAGED_MAX || size > ARENA_CAP_BYTES) return 0;
  const rounded = (size + (PAGE_BYTES - 1)) & ~(PAGE_BYTES - 1);
  const start = takeAligned(rounded, PAGE_BYTES);
  if (!start) return 0;
  memory.fill(start, 0, rounded);
  store<u32>(PAGED_TABLE + (pagedCount << 3), start);
  store<u32>(PAGED_TABLE + (pagedCount << 3), rounded, 4);
  pagedCount += 1;
  return start;
}

/** Makes the paged block at `start` larger where it is; false when something lies behind it or the cap is hit. */
export function pagedExtend(start: usize, size: usize): bool {
  const last = PAGED_TABLE + ((pagedCount - 1) << 3);
  if (!pagedCount || load<u32>(last) != start || size > ARENA_CAP_BYTES) return false;
  const old = load<u32>(last, 4);
  const rounded = (size + (PAGE_BYTES - 1)) & ~(PAGE_BYTES - 1);
  if (bump != start + old || rounded < old || !reach(start + rounded)) return false;
  memory.fill(start + old, 0, rounded - old);
  bump = start + rounded;
  store<u32>(last, rounded, 4);
  return true;
}

/** Small mutable state that a snapshot copies whole: 16-aligned, zeroed; 0 when the 256 KiB region is full. */
export function hotAlloc(size: usize): usize {
  const rounded = (size + 15) & ~15;
  const start = hotTop + guardBytes;
  if (size > HOT_MAX_BYTES || start + rounded + guardBytes > hotStart + HOT_MAX_BYTES) return 0;
  hotTop = start + rounded + guardBytes;
  if (guardBytes) fillGuards(start, start + rounded);
  return start;
}

/** A thread's stack, zeroed: only [start, live) is state, see stackTrack. */
export function stackAlloc(size: usize): usize {
  if (stackCount == STACKS_MAX) return 0;
  const start = takeAligned((size + 15) & ~15, 16);
  if (!start) return 0;
  const record = STACK_TABLE + stackCount * STACK_RECORD_BYTES;
  memory.fill(start, 0, size);
  memory.fill(record, 0, STACK_RECORD_BYTES);
  store<u32>(record, start);
  stackCount += 1;
  return start;
}

/**
 * Tells snapshots where a stack's ends are kept (cells in hot memory): the live end, and the highest address ever written.
 * A restore clears everything in between, so that what lies above the live end never depends on history.
 */
export function stackTrack(start: usize, liveCell: usize, highCell: usize): void {
  for (let i: u32 = 0; i < stackCount; i++) {
    const record = STACK_TABLE + i * STACK_RECORD_BYTES;
    if (load<u32>(record) != start) continue;
    store<u32>(record, highCell, 4);
    store<u32>(record, liveCell, 8);
  }
}

/** Marks the page of `addr` (and the first 8 bytes of the next, which an unaligned store may reach) as written. */
@inline
export function markDirty(addr: usize): void {
  store<u8>(DIRTY + (addr >>> 12), 1);
}

/** Marks every page that [addr, addr + len) touches. */
export function markDirtyRange(addr: usize, len: usize): void {
  if (len == 0) return;
  const first = addr >>> 12;
  const last = (addr + len - 1) >>> 12;
  memory.fill(DIRTY + first, 1, last - first + 1);
}

/** Address up to which memory is taken: a mark for arenaRelease. */
export function arenaMark(): usize {
  return bump;
}

/** Gives back everything immutable that was allocated since the mark. Nothing paged may have been allocated since. */
export function arenaRelease(mark: usize): void {
  bump = mark;
}

/** The free bytes at the mark, made addressable: [arenaMark(), arenaMark() + size); 0 at the cap. Contents are garbage. */
export function arenaReserve(size: usize): usize {
  const start = (bump + 7) & ~7;
  if (size > ARENA_CAP_BYTES || !reach(start + size)) return 0;
  bump = start;
  return start;
}

/** Takes the first `size` bytes of a reservation (8-aligned). */
export function arenaCommit(size: usize): void {
  bump += (size + 7) & ~7;
}

export function hotBase(): usize {
  return hotStart;
}

export function hotUsed(): usize {
  return hotTop - hotStart;
}

export function pagedBlocks(): u32 {
  return pagedCount;
}

export function pagedStart(i: u32): usize {
  return load<u32>(PAGED_TABLE + (i << 3));
}

export function pagedSize(i: u32): usize {
  return load<u32>(PAGED_TABLE + (i << 3), 4);
}

export function stackRecords(): u32 {
  return stackCount;
}

export function stackRecord(i: u32): usize {
  return STACK_TABLE + i * STACK_RECORD_BYTES;
}

/** Address of the image map: one u32 per page of memory, the address of its base image, 0 = a page of zeros. */
export function imageMap(): usize {
  return imageMapAddress;
}

/** Bytes of core memory in use. */
export function arenaUsed(): usize {
  return bump;
}
