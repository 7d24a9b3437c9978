// Shadow tables in host frames. A table of the guest has one shadow for each level and role in which walks reach it; while it has
// any, its page is write-protected. A large page of the guest is split into tables that belong to no page of the guest.
//
//   record (16 bytes): | gfn u32 | mfn u32 | level u8 | kind u8 | role u8 | next u8 | parents u16 | writes u8 | active u8 |
import * as host from "../../../../sdk/as/host";
import { machineOf, NOWHERE } from "../frames";
import { FRAME, TABLE, WRITE } from "./entry";
import { flushEverybody } from "./flush";
import { listAdd, listFirst, listNext, listRemove, listsReset, nodeIndex, nodesLeft, nodeTable } from "./lists";

export const KIND_TABLE: i32 = 1;
export const KIND_SPLIT: i32 = 2;
export const TABLES_MAX: i32 = 128;
const BUCKETS: i32 = 2048;
const FRAMES_MAX: i32 = 4096;
/** What one walk may need: tables down to a piece of a split 1 GiB page, and list nodes for them. */
const WALK_TABLES: i32 = 6;
const WALK_NODES: i32 = 8;
/** Writes to a root that nobody uses, after which it is taken to be data again. */
const WRITES_MAX: i32 = 3;

const records: usize = memory.data(2048, 8);
/** Bit per entry that is not zero: 64 bytes per table. */
const bitmaps: usize = memory.data(8192, 8);
const buckets: usize = memory.data(2048);
const mapped: usize = memory.data(8192, 2);
const tableOfFrame: usize = memory.data(4096);
/** Tables to take, and tables that processors may still remember: they are taken only after a flush of everybody. */
const clean: usize = memory.data(128);
const dirty: usize = memory.data(128);
let cleanCount: i32 = 0;
let dirtyCount: i32 = 0;
/** Processors may remember an entry that is gone: a page can be writable for them without being so here. */
let stale: bool = false;

@inline
function record(sp: i32): usize {
  return records + (sp << 4);
}

@inline
function parents(sp: i32): usize {
  return record(sp) + 12;
}

@inline
function levelOf(sp: i32): i32 {
  return load<u8>(record(sp), 8);
}

@inline
function kindOf(sp: i32): i32 {
  return load<u8>(record(sp), 9);
}

@inline
function nextOf(sp: i32): i32 {
  return load<u8>(record(sp), 11);
}

@inline
function gfnOf(sp: i32): i64 {
  return load<u32>(record(sp));
}

@inline
function bucketOf(gfn: i64): usize {
  return buckets + <usize>(gfn & (BUCKETS - 1));
}

@inline
function entryAt(sp: i32, index: i32): i64 {
  return rootAddress(sp) + (index << 3);
}

/** Machine address of a shadow table. */
export function rootAddress(sp: i32): i64 {
  return <i64>load<u32>(record(sp), 4) << 12;
}

/** Takes every host frame; false when there are too few to shadow anything. */
export function tablesInit(): bool {
  let sp = 1;
  for (let mfn = 0; mfn < host.frames() && mfn < FRAMES_MAX && sp < TABLES_MAX; mfn++) {
    if (host.owner(mfn) != host.OWNER_HOST) continue;
    store<u32>(record(sp), mfn, 4);
    store<u8>(tableOfFrame + mfn, <u8>sp);
    addClean(sp);
    sp += 1;
  }
  listsReset();
  return cleanCount >= WALK_TABLES * 4;
}

function addClean(sp: i32): void {
  store<u8>(clean + cleanCount, <u8>sp);
  cleanCount += 1;
}

function addDirty(sp: i32): void {
  store<u8>(dirty + dirtyCount, <u8>sp);
  dirtyCount += 1;
}

/** Whether there is enough left for one more walk; otherwise everything has to be dropped. */
export function canWalk(): bool {
  return cleanCount + dirtyCount >= WALK_TABLES && nodesLeft() >= WALK_NODES;
}

/** The shadow of a guest table in a role, made and write-protected if there is none. */
export function shadowOf(gfn: i64, level: i32, role: i32, kind: i32): i32 {
  for (let sp: i32 = load<u8>(bucketOf(gfn)); sp; sp = nextOf(sp)) {
    if (gfnOf(sp) == gfn && levelOf(sp) == level && load<u8>(record(sp), 10) == role && kindOf(sp) == kind) return sp;
  }
  const protects = kind == KIND_TABLE && !isTable(gfn);
  const sp = take();
  store<u32>(record(sp), <u32>gfn);
  store<u32>(record(sp), level | (kind << 8) | (role << 16) | (<i32>load<u8>(bucketOf(gfn)) << 24), 8);
  store<u32>(record(sp), 0, 12);
  store<u8>(bucketOf(gfn), <u8>sp);
  if (protects) protect(gfn);
  return sp;
}

function take(): i32 {
  if (!cleanCount) settle();
  cleanCount -= 1;
  return load<u8>(clean + cleanCount);
}

/** Nobody remembers what is gone. */
function settle(): void {
  flushEverybody();
  stale = false;
  for (let i = 0; i < dirtyCount; i++) addClean(load<u8>(dirty + i));
  dirtyCount = 0;
}

/** Whether a guest page is shadowed as a table of any level. */
export function isTable(gfn: i64): bool {
  for (let sp: i32 = load<u8>(bucketOf(gfn)); sp; sp = nextOf(sp)) {
    if (gfnOf(sp) == gfn && kindOf(sp) == KIND_TABLE) return true;
  }
  return false;
}

@inline
function mappedBy(ma: i64): usize {
  return mapped + <usize>((ma >> 12) << 1);
}

/** Takes the write permission from every mapping of a guest page, also from those that processors remember. */
function protect(gfn: i64): void {
  const ma = machineOf(gfn);
  if (ma == NOWHERE) return;
  let changed = stale;
  for (let i = listFirst(mappedBy(ma)); i; i = listNext(i)) {
    const at = entryAt(nodeTable(i), nodeIndex(i));
    const entry = host.load64(at);
    if (!(entry & WRITE)) continue;
    host.store64(at, entry & ~WRITE);
    changed = true;
  }
  if (changed) settle();
}

@inline
function bitmapWord(sp: i32, index: i32): usize {
  return bitmaps + (sp << 6) + ((index >> 6) << 3);
}

function isUsed(sp: i32, index: i32): bool {
  return ((load<u64>(bitmapWord(sp, index)) >> <u64>(index & 63)) & 1) != 0;
}

function setUsed(sp: i32, index: i32, on: bool): void {
  const at = bitmapWord(sp, index);
  const bit = (<u64>1) << <u64>(index & 63);
  store<u64>(at, on ? load<u64>(at) | bit : load<u64>(at) & ~bit);
}

/** Forgets one entry, and the table that only it pointed at. */
export function dropEntry(sp: i32, index: i32): void {
  if (!isUsed(sp, index)) return;
  const at = entryAt(sp, index);
  const ma = host.load64(at) & FRAME;
  host.store64(at, 0);
  setUsed(sp, index, false);
  stale = true;
  if (levelOf(sp) == 1) {
    if (ma != NOWHERE) listRemove(mappedBy(ma), sp, index);
    return;
  }
  const child: i32 = load<u8>(tableOfFrame + <usize>(ma >> 12));
  listRemove(parents(child), sp, index);
  if (!listFirst(parents(child))) free(child);
}

/** Points an entry of a table above level 1 at another table. */
export function link(sp: i32, index: i32, child: i32): void {
  const value = rootAddress(child) | TABLE;
  if (isUsed(sp, index)) {
    if (host.load64(entryAt(sp, index)) == value) return;
    dropEntry(sp, index);
  }
  host.store64(entryAt(sp, index), value);
  setUsed(sp, index, true);
  listAdd(parents(child), sp, index);
}

/** Maps a page of the guest, or NOWHERE, in a table of level 1. */
export function mapLeaf(sp: i32, index: i32, ma: i64, flags: i64): void {
  const at = entryAt(sp, index);
  if (isUsed(sp, index)) {
    const old = host.load64(at);
    if ((old & FRAME) == ma) {
      if (old != (ma | flags)) host.store64(at, ma | flags);
      stale = true;
      return;
    }
    dropEntry(sp, index);
  }
  host.store64(at, ma | flags);
  setUsed(sp, index, true);
  if (ma != NOWHERE) listAdd(mappedBy(ma), sp, index);
}

/** Gives a table back; nothing may point at it. */
function free(sp: i32): void {
  dropAll(sp);
  const bucket = bucketOf(gfnOf(sp));
  if (load<u8>(bucket) == sp) store<u8>(bucket, <u8>nextOf(sp));
  else {
    let other: i32 = load<u8>(bucket);
    while (nextOf(other) != sp) other = nextOf(other);
    store<u8>(record(other), <u8>nextOf(sp), 11);
  }
  store<u8>(record(sp), 0, 9);
  addDirty(sp);
}

function dropAll(sp: i32): void {
  for (let first = 0; first < 512; first += 64) {
    for (let bits = load<u64>(bitmapWord(sp, first)); bits; bits &= bits - 1) dropEntry(sp, first + <i32>ctz(bits));
  }
}

/** Marks how many vCPUs use a table as their root. */
export function countActive(sp: i32, more: i32): void {
  store<u8>(record(sp), <u8>(<i32>load<u8>(record(sp), 15) + more), 15);
  store<u8>(record(sp), 0, 14);
}

/** Words first … last (by index) of a guest table have changed: what was made of them goes. */
export function wordsChanged(gfn: i64, first: i32, last: i32): void {
  for (let sp: i32 = load<u8>(bucketOf(gfn)); sp; sp = nextOf(sp)) {
    if (gfnOf(sp) != gfn || kindOf(sp) != KIND_TABLE) continue;
    for (let index = first; index <= last; index++) dropEntry(sp, index);
  }
  if (isIdleRoot(gfn)) unshadow(gfn);
}

/** Whether a page is only a root that nobody uses and that is written again and again. */
function isIdleRoot(gfn: i64): bool {
  let idle = false;
  for (let sp: i32 = load<u8>(bucketOf(gfn)); sp; sp = nextOf(sp)) {
    if (gfnOf(sp) != gfn || kindOf(sp) != KIND_TABLE) continue;
    if (levelOf(sp) != 4 || load<u8>(record(sp), 15)) return false;
    const writes = <i32>load<u8>(record(sp), 14) + 1;
    store<u8>(record(sp), <u8>writes, 14);
    idle = writes >= WRITES_MAX;
  }
  return idle;
}

/** Drops all shadows of a guest page, so that it can be written; false if it is the root of a vCPU. */
export function unshadow(gfn: i64): bool {
  let sp: i32 = load<u8>(bucketOf(gfn));
  while (sp) {
    if (gfnOf(sp) != gfn || kindOf(sp) != KIND_TABLE) {
      sp = nextOf(sp);
      continue;
    }
    if (levelOf(sp) == 4) {
      if (load<u8>(record(sp), 15)) return false;
      free(sp);
    } else unlink(sp);
    sp = load<u8>(bucketOf(gfn));
  }
  return true;
}

/** Takes a table out of all that point at it, which frees it. */
function unlink(sp: i32): void {
  if (!listFirst(parents(sp))) return free(sp);
  while (kindOf(sp) && listFirst(parents(sp))) {
    const i = listFirst(parents(sp));
    dropEntry(nodeTable(i), nodeIndex(i));
  }
}

/** Forgets everything; the caller has stopped everybody and gives the vCPUs new roots. */
export function tablesForget(): void {
  for (let sp = 1; sp < TABLES_MAX; sp++) {
    if (!kindOf(sp)) continue;
    for (let first = 0; first < 512; first += 64) {
      for (let bits = load<u64>(bitmapWord(sp, first)); bits; bits &= bits - 1) host.store64(entryAt(sp, first + <i32>ctz(bits)), 0);
      store<u64>(bitmapWord(sp, first), 0);
    }
    store<u8>(record(sp), 0, 9);
    addDirty(sp);
  }
  memory.fill(buckets, 0, BUCKETS);
  memory.fill(mapped, 0, 2 * FRAMES_MAX);
  listsReset();
  settle();
}
