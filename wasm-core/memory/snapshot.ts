// One base image of all mutable state, and the way back to it. Only pages written since are copied.
//
//   hot region   copied whole                    (image in the arena, HOT_MAX_BYTES)
//   paged blocks page by page through imageMap   (0 = the page was all zeros)
//   stacks       [start, live)                   (image grows when a later snapshot is deeper)
import {
  DIRTY,
  HOT_MAX_BYTES,
  PAGE_BYTES,
  hotBase,
  hotUsed,
  imageMap,
  immutableAlloc,
  pagedBlocks,
  pagedSize,
  pagedStart,
  stackRecord,
  stackRecords,
} from "./arena";

/** Pages copied back by the last snapshotRestore. */
export let pagesRestored: u32 = 0;

/** Base image of the hot region, 0 = none was taken. */
export let hotImage: usize = 0;
let hotImageBytes: usize = 0;

/** Must follow arenaReset: the old image is gone. */
export function snapshotForget(): void {
  hotImage = 0;
  hotImageBytes = 0;
  pagesRestored = 0;
}

/** Makes the present state the base image. False when the cap of memory is hit; the image is then unusable. */
export function snapshotTake(): bool {
  if (!hotImage) hotImage = immutableAlloc(HOT_MAX_BYTES);
  if (!hotImage) return false;
  hotImageBytes = hotUsed();
  memory.copy(hotImage, hotBase(), hotImageBytes);
  for (let i: u32 = 0, n = pagedBlocks(); i < n; i++) {
    if (!takeBlock(pagedStart(i), pagedStart(i) + pagedSize(i))) return false;
  }
  for (let i: u32 = 0, n = stackRecords(); i < n; i++) {
    if (!takeStack(stackRecord(i))) return false;
  }
  memory.fill(DIRTY, 0, 32768);
  return true;
}

function takeBlock(start: usize, end: usize): bool {
  for (let page = start; page < end; page += PAGE_BYTES) {
    // A store that began in the page before may have reached this page's first 8 bytes.
    const spilled = page > start && load<u8>(DIRTY + ((page - 1) >>> 12)) != 0;
    if (!load<u8>(DIRTY + (page >>> 12)) && !spilled) continue;
    const cell = imageMap() + ((page >>> 12) << 2);
    let image: usize = load<u32>(cell);
    if (!image) {
      if (isZero(page)) continue;
      image = immutableAlloc(PAGE_BYTES);
      if (!image) return false;
      store<u32>(cell, image);
    }
    memory.copy(image, page, PAGE_BYTES);
  }
  return true;
}

function isZero(page: usize): bool {
  for (let i: usize = 0; i < PAGE_BYTES; i += 8) if (load<u64>(page + i)) return false;
  return true;
}

/** Live end of a stack record's stack; the start when nothing tracks it. */
function liveEnd(record: usize): usize {
  const cell = load<u32>(record, 8);
  return cell ? load<u32>(cell) : load<u32>(record);
}

function takeStack(record: usize): bool {
  const start = load<u32>(record);
  const length = <u32>liveEnd(record) - start;
  if (length > load<u32>(record, 16)) {
    const capacity = (length + 4095) & ~4095;
    const image = immutableAlloc(capacity);
    if (!image) return false;
    store<u32>(record, image, 12);
    store<u32>(record, capacity, 16);
  }
  memory.copy(load<u32>(record, 12), start, length);
  store<u32>(record, length, 20);
  return true;
}

/** Returns to the base image: hot region and live stacks whole, and every page written since. */
export function snapshotRestore(): void {
  pagesRestored = 0;
  // The highest address written of a stack lies in hot memory: stacks come first.
  for (let i: u32 = 0, n = stackRecords(); i < n; i++) restoreStack(stackRecord(i));
  memory.copy(hotBase(), hotImage, hotImageBytes);
  for (let i: u32 = 0, n = pagedBlocks(); i < n; i++) restoreBlock(pagedStart(i), pagedStart(i) + pagedSize(i));
}

/** The image, and zeros above it up to what was ever written. */
function restoreStack(record: usize): void {
  const start = load<u32>(record);
  const kept = load<u32>(record, 20);
  const highCell = load<u32>(record, 4);
  const written = highCell ? load<u32>(highCell) - start : 0;
  if (kept) memory.copy(start, load<u32>(record, 12), kept);
  if (written > kept) memory.fill(start + kept, 0, written - kept);
}

function restoreBlock(start: usize, end: usize): void {
  let page = start;
  while (page < end) {
    const cell = DIRTY + (page >>> 12);
    // Eight clean pages at once.
    if ((cell & 7) == 0 && end - page >= 8 * PAGE_BYTES && load<u64>(cell) == 0) {
      page += 8 * PAGE_BYTES;
      continue;
    }
    if (load<u8>(cell)) {
      restorePage(page);
      store<u8>(cell, 0);
      pagesRestored += 1;
      if (page + PAGE_BYTES < end && !load<u8>(cell, 1)) restoreSpill(page + PAGE_BYTES);
    }
    page += PAGE_BYTES;
  }
}

@inline
function imageOf(page: usize): usize {
  return load<u32>(imageMap() + ((page >>> 12) << 2));
}

function restorePage(page: usize): void {
  const image = imageOf(page);
  if (image) memory.copy(page, image, PAGE_BYTES);
  else memory.fill(page, 0, PAGE_BYTES);
}

/** The 8 bytes that an unaligned store to the page before may have reached. */
@inline
function restoreSpill(page: usize): void {
  const image = imageOf(page);
  store<u64>(page, image ? load<u64>(image) : 0);
}

/** Hash of all mutable state (hot region, paged blocks, live stacks); equal states give equal digests whatever was written between. */
export function snapshotDigest(): u64 {
  let digest = hashRange(hotBase(), hotUsed(), 1);
  for (let i: u32 = 0, n = pagedBlocks(); i < n; i++) {
    for (let page = pagedStart(i), end = pagedStart(i) + pagedSize(i); page < end; page += PAGE_BYTES) {
      if (!isZero(page)) digest += hashRange(page, PAGE_BYTES, page);
    }
  }
  for (let i: u32 = 0, n = stackRecords(); i < n; i++) {
    const start = load<u32>(stackRecord(i));
    digest += hashRange(start, liveEnd(stackRecord(i)) - start, start);
  }
  return digest;
}

/** Hash of one region's bytes alone, for proving that nothing else changed. */
export function regionDigest(start: usize, length: usize): u64 {
  return hashRange(start, length, 0);
}

function hashRange(start: usize, length: usize, seed: u64): u64 {
  let hash: u64 = seed * 0x9e3779b97f4a7c15 + <u64>length;
  let i: usize = 0;
  for (; i + 8 <= length; i += 8) hash = rotl<u64>(hash ^ load<u64>(start + i), 29) * 0xbf58476d1ce4e5b9;
  for (; i < length; i++) hash = rotl<u64>(hash ^ load<u8>(start + i), 29) * 0xbf58476d1ce4e5b9;
  hash ^= hash >> 32;
  return hash * 0x94d049bb133111eb;
}
