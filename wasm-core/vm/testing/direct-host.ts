// A host half of kind D: builds the first page tables, and answers multicalls of updates of page-table entries (Xen's public/xen.h).
//
//   call (32 bytes): | op u64 = 1 | requests va u64 | count u64 | result i64 |     request: | ma of the entry u64 | value u64 |
import { done } from "./host-common";
import { cmpxchg, get, guestFrame, load64, owner, param, set, store64, tlb, translate } from "./host-imports";

const HW_ROOT: i32 = 0x50;
const CR3: i32 = 0x32;
const FRAME: i64 = 0x000ffffffffff000;
const DIRECT_MAP: i64 = 0xffff8880_00000000;
/** P, W, U, A, D. */
const DATA: i64 = 0x67;
const TEXT: i64 = 0x25;
const TEXT_PAGES: i32 = 4;
/** Guest frames from here on are page tables. */
const TABLES_PFN: i32 = 480;
/** Requests that one execution of a multicall serves. */
const SLICE: i32 = 2;
const EINVAL: i64 = -22;
const POISON: i64 = 0xaaaaaaaaaaaaaaaa;

let tables: i32 = 0;

export function abi(): i64 {
  return 0x0001000000010000;
}

export function boot(): i32 {
  const root = fresh();
  for (let pfn = 0; pfn < (param(1) as i32); pfn++) map(root, DIRECT_MAP + ((pfn as i64) << 12), pfn, pfn < TABLES_PFN ? DATA : DATA & ~2);
  // Text lies before the frame that other kinds have their root in: kernel, guest, ROM, native, user, tokens.
  let pfn = ((param(7) >> 12) as i32) - (TEXT_PAGES * 5 + 1);
  for (let i: i64 = 0; i < 6; i++) {
    const va: i64 = i == 4 ? 0x400000 : i == 5 ? 0xffffffff_8f000000 : 0xffffffff_81000000 + (i << 24);
    for (let page: i64 = 0; page < (i == 5 ? 1 : TEXT_PAGES); page++) map(root, va + (page << 12), pfn++, TEXT);
  }
  set(0, HW_ROOT, root);
  set(0, CR3, root);
  return 0;
}

function fresh(): i64 {
  return guestFrame(TABLES_PFN + tables++) << 12;
}

/** Machine address of the last-level entry of va; missing tables are made. */
function entryOf(root: i64, va: i64): i64 {
  let table = root;
  for (let level = 4; level > 1; level--) {
    const at = table + (((va >> (3 + 9 * level)) & 511) << 3);
    if (!load64(at)) store64(at, fresh() | DATA);
    table = load64(at) & FRAME;
  }
  return table + (((va >> 12) & 511) << 3);
}

function map(root: i64, va: i64, pfn: i32, flags: i64): void {
  store64(entryOf(root, va), (guestFrame(pfn) << 12) | flags);
}

export function exit(vcpu: i32, reason: i32): i32 {
  if (reason != 1 || get(vcpu, 0x70) != 2) unreachable();
  const a = get(vcpu, 7);
  switch (get(vcpu, 0) as i32) {
    case 1: return done(vcpu, entryOf(get(vcpu, HW_ROOT), a));
    case 2: return done(vcpu, guestFrame(a as i32));
    case 13: return multicall(vcpu, a, get(vcpu, 6) as i32);
  }
  return done(vcpu, -38);
}

/** One slice of a list of calls at va: progress is kept in the list, and RIP stays until all is done. */
function multicall(vcpu: i32, list: i64, count: i32): i32 {
  let left = SLICE;
  for (let i = 0; i < count; i++) {
    const at = translate(vcpu, list + i * 32, 1);
    if (load64(at) != 1) continue;
    const requests = load64(at + 8);
    const n = load64(at + 16) as i32;
    let done: i32 = 0;
    let result: i64 = 0;
    for (; done < n && left && !result; done++, left--) result = update(vcpu, translate(vcpu, requests + done * 16, 0));
    if (!result && done < n) {
      store64(at + 8, requests + done * 16);
      store64(at + 16, n - done);
      return 0;
    }
    store64(at + 24, result);
    store64(at, POISON);
  }
  tlb(vcpu, 0, 0, 0);
  return done(vcpu, 0);
}

/** Writes one entry: the guest may map its own frames, page tables only for reading. */
function update(vcpu: i32, request: i64): i64 {
  const entry = load64(request);
  const value = load64(request + 8);
  const mfn = (value & FRAME) >> 12;
  if (owner(mfn) != 1 || (value & 2 && isTable(mfn)) || !isTable(entry >> 12)) return EINVAL;
  const was = load64(entry);
  return cmpxchg(0x130, entry, was, value) == was ? 0 : EINVAL;
}

function isTable(mfn: i64): bool {
  for (let i = 0; i < tables; i++) if (guestFrame(TABLES_PFN + i) == mfn) return true;
  return false;
}
