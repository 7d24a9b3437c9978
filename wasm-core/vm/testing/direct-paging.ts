// Page tables of the test host half of kind D: all of guest memory mapped, the tables themselves read-only.
import { get, guestFrame, load64, param, set, store64, tlb } from "./host-imports";

const HW_ROOT: i32 = 0x50;
const CR3: i32 = 0x32;
export const FRAME: i64 = 0x000ffffffffff000;
const DIRECT_MAP: i64 = 0xffff8880_00000000;
/** P, W, U, A, D. */
const DATA: i64 = 0x67;
const TEXT: i64 = 0x25;
const TEXT_PAGES: i32 = 4;
/** Guest frames from here on are page tables. */
const TABLES_PFN: i32 = 480;

let tables: i32 = 0;
let root: i64 = 0;

/** Frame by which page tables name a guest frame, and the machine address behind what they hold: the same without a second level. */
let frameOf: (pfn: i32) => i64 = (pfn: i32): i64 => guestFrame(pfn);
let addressOf: (physical: i64) => i64 = (physical: i64): i64 => physical;

/** Tables are to hold addresses of another space; before buildTables. */
export function useAddresses(frame: (pfn: i32) => i64, address: (physical: i64) => i64): void {
  frameOf = frame;
  addressOf = address;
}

/** Builds the tables that every vCPU runs on. */
export function buildTables(): void {
  root = fresh();
  for (let pfn = 0; pfn < (param(1) as i32); pfn++) map(DIRECT_MAP + ((pfn as i64) << 12), pfn, pfn < TABLES_PFN ? DATA : DATA & ~2);
  // Text lies before the frame that other kinds have their root in: kernel, guest, ROM, native, user, tokens.
  let pfn = ((param(7) >> 12) as i32) - (TEXT_PAGES * 5 + 1);
  for (let i: i64 = 0; i < 6; i++) {
    const va: i64 = i == 4 ? 0x400000 : i == 5 ? 0xffffffff_8f000000 : 0xffffffff_81000000 + (i << 24);
    for (let page: i64 = 0; page < (i == 5 ? 1 : TEXT_PAGES); page++) map(va + (page << 12), pfn++, TEXT);
  }
}

/** Frame of table i, as tables hold it; −1 behind the last. */
export function tableFrame(i: i32): i64 {
  return i < tables ? frameOf(TABLES_PFN + i) : -1;
}

/** What CR3 and the walker's root hold. */
export function rootAddress(): i64 {
  return root;
}

export function loadRoot(vcpu: i32): void {
  set(vcpu, HW_ROOT, root);
  set(vcpu, CR3, root);
}

function fresh(): i64 {
  return frameOf(TABLES_PFN + tables++) << 12;
}

/** Machine address of the last-level entry of va; missing tables are made. */
export function entryOf(va: i64): i64 {
  let table = root;
  for (let level = 4; level > 1; level--) {
    const at = addressOf(table + (((va >> (3 + 9 * level)) & 511) << 3));
    if (!load64(at)) store64(at, fresh() | DATA);
    table = load64(at) & FRAME;
  }
  return addressOf(table + (((va >> 12) & 511) << 3));
}

function map(va: i64, pfn: i32, flags: i64): void {
  store64(entryOf(va), (frameOf(pfn) << 12) | flags);
}

/** Number of the table in a machine frame, −1 = it holds none. */
function tableIn(mfn: i64): i32 {
  for (let i = 0; i < tables; i++) if (guestFrame(TABLES_PFN + i) == mfn) return i;
  return -1;
}

export function isTable(mfn: i64): bool {
  return tableIn(mfn) >= 0;
}

/** Where the guest reads the last-level entry of va. */
export function entryVa(va: i64): i64 {
  const entry = entryOf(va);
  return DIRECT_MAP + (((TABLES_PFN + tableIn(entry >> 12)) as i64) << 12) + (entry & 0xfff);
}

const NX: i64 = i64.MIN_VALUE;
const EXIT_GVA: i32 = 0x73;
const EXIT_ERROR: i32 = 0x75;
const TLB_PAGE: i32 = 2;
let faults: i64 = 0;
let lastError: i64 = 0;

/** The page of va holds no code for the guest, until it wants some of it. */
export function forbidFetch(vcpu: i32, va: i64): void {
  store64(entryOf(va), load64(entryOf(va)) | NX);
  tlb(vcpu, TLB_PAGE, va, 0);
}

/** A page fault of the guest's: it was a fetch from such a page, which may be from now on. */
export function allowFetch(vcpu: i32): i32 {
  const entry = entryOf(get(vcpu, EXIT_GVA));
  store64(entry, load64(entry) & ~NX);
  faults += 1;
  lastError = get(vcpu, EXIT_ERROR);
  return 0;
}

/** How many there were, and from bit 0 the error code of the last. */
export function fetchFaults(): i64 {
  return (faults << 8) | lastError;
}
