// What a vCPU remembers of page tables: translations and upper-level entries, kept until the architecture drops them.
//
//   TLB entry:             | vpn 36 : asid 16 : pcid 12 | ma u32 | flags u32 |      TLB_SETS × TLB_WAYS
//   structure-cache entry: | prefix 36 : asid 16 : pcid 12 | table u32 | flags u32 |  PSC_ENTRIES, FIFO
// Large pages are held in pieces of 4 KiB that remember the size of their page.
import { PSC_ENTRIES, pscOf, TLB_ENTRY_BYTES, TLB_SETS, TLB_WAYS, tlbOf, Vcpu } from "./vcpu";

export const TLB_VALID: u32 = 1;
export const TLB_W: u32 = 2;
export const TLB_U: u32 = 4;
export const TLB_X: u32 = 8;
export const TLB_D: u32 = 16;
export const TLB_G: u32 = 32;
/** Pieces of a 2 MiB or 1 GiB page. */
export const TLB_2M: u32 = 64;
export const TLB_1G: u32 = 128;
/** The second level lets it be fetched (TLB entries only: in the structure cache the level begins here). */
export const TLB_F: u32 = 256;

const TLB_ENTRIES: u32 = TLB_SETS * TLB_WAYS;
const PCID_MASK: u64 = 0xfff;
const TAG_MASK: u64 = 0xfff_ffff;
const VPN_MASK: u64 = 0xf_ffff_ffff;

/** Present address-space tag: asid and PCID (0 unless CR4.PCIDE). */
@inline
export function currentTag(v: Vcpu): u64 {
  return (<u64>v.asid << 12) | (v.cr4 & (1 << 17) ? v.cr3 & PCID_MASK : 0);
}

@inline
function vpnOf(va: u64): u64 {
  return (va >> 12) & VPN_MASK;
}

@inline
function setOf(v: Vcpu, vpn: u64): usize {
  return tlbOf(v) + <usize>((vpn ^ (vpn >> 9)) & (TLB_SETS - 1)) * TLB_WAYS * TLB_ENTRY_BYTES;
}

@inline
function flagsOf(entry: usize): u32 {
  return load<u32>(entry, 12);
}

/** Drops an entry. Dropped entries are zeroed, so that equal states have equal bytes. */
@inline
function drop(entry: usize): void {
  store<u64>(entry, 0);
  store<u64>(entry, 0, 8);
}

/** Address of the entry that translates va in the present address space, 0 if there is none. */
export function tlbLookup(v: Vcpu, va: u64): usize {
  const vpn = vpnOf(va);
  const tag = currentTag(v);
  const set = setOf(v, vpn);
  for (let way: u32 = 0; way < TLB_WAYS; way++) {
    const entry = set + way * TLB_ENTRY_BYTES;
    if (flagsOf(entry) & TLB_VALID && matches(entry, vpn, tag)) return entry;
  }
  return 0;
}

/** Global entries serve every PCID of their asid. */
function matches(entry: usize, vpn: u64, tag: u64): bool {
  const key = load<u64>(entry);
  if (key >> 28 != vpn) return false;
  const differs = (key ^ tag) & TAG_MASK;
  return differs == 0 || (differs <= PCID_MASK && (flagsOf(entry) & TLB_G) != 0);
}

@inline
export function tlbMa(entry: usize): u32 {
  return load<u32>(entry, 8);
}

@inline
export function tlbFlags(entry: usize): u32 {
  return flagsOf(entry);
}

/** Remembers that va's page is at `ma` (4 KiB aligned), in place of what was known of it or of another page of its set. */
export function tlbInsert(v: Vcpu, va: u64, ma: u32, flags: u32): void {
  const vpn = vpnOf(va);
  let entry = tlbLookup(v, va);
  if (!entry) entry = freeWay(v, setOf(v, vpn));
  store<u64>(entry, (vpn << 28) | currentTag(v));
  store<u32>(entry, ma, 8);
  store<u32>(entry, flags | TLB_VALID, 12);
}

function freeWay(v: Vcpu, set: usize): usize {
  for (let way: u32 = 0; way < TLB_WAYS; way++) {
    if (!(flagsOf(set + way * TLB_ENTRY_BYTES) & TLB_VALID)) return set + way * TLB_ENTRY_BYTES;
  }
  v.tlb_next = (v.tlb_next + 1) % TLB_WAYS;
  return set + v.tlb_next * TLB_ENTRY_BYTES;
}

/** Address of the structure-cache entry whose `level` entry of va is remembered (level 2, 3 or 4), 0 if there is none. */
export function pscLookup(v: Vcpu, va: u64, level: u32): usize {
  const key = pscKey(v, va, level);
  for (let i: u32 = 0; i < PSC_ENTRIES; i++) {
    const entry = pscOf(v) + i * TLB_ENTRY_BYTES;
    if (flagsOf(entry) >> 8 == level && load<u64>(entry) == key) return entry;
  }
  return 0;
}

@inline
function pscKey(v: Vcpu, va: u64, level: u32): u64 {
  return ((vpnOf(va) >> (9 * (level - 1))) << 28) | currentTag(v);
}

/** Remembers that the level-`level` entry of va points at the table at machine address `table`. */
export function pscInsert(v: Vcpu, va: u64, level: u32, table: u32, flags: u32): void {
  let entry = pscLookup(v, va, level);
  if (!entry) {
    entry = pscOf(v) + v.psc_next * TLB_ENTRY_BYTES;
    v.psc_next = (v.psc_next + 1) % PSC_ENTRIES;
  }
  store<u64>(entry, pscKey(v, va, level));
  store<u32>(entry, table, 8);
  store<u32>(entry, (flags & 0xff) | TLB_VALID | (level << 8), 12);
}

/** Drops everything, global entries and all address spaces included. */
export function flushAll(v: Vcpu): void {
  memory.fill(tlbOf(v), 0, TLB_ENTRIES * TLB_ENTRY_BYTES);
  memory.fill(pscOf(v), 0, PSC_ENTRIES * TLB_ENTRY_BYTES);
  v.tlb_next = 0;
  v.psc_next = 0;
}

/** Drops all but global entries, of every address space (INVPCID type 3, host.tlb op 1). */
export function flushNonGlobal(v: Vcpu): void {
  for (let i: u32 = 0; i < TLB_ENTRIES; i++) if (!(flagsOf(tlbEntry(v, i)) & TLB_G)) drop(tlbEntry(v, i));
  flushStructures(v);
}

/** Drops the non-global entries and the structure cache of one tag (MOV to CR3, INVPCID type 1). */
export function flushTag(v: Vcpu, tag: u64): void {
  for (let i: u32 = 0; i < TLB_ENTRIES; i++) {
    const entry = tlbEntry(v, i);
    if (!(flagsOf(entry) & TLB_G) && (load<u64>(entry) & TAG_MASK) == tag) drop(entry);
  }
  flushStructuresOf(v, tag);
}

/** INVLPG: the page of va in the present address space and every global one, and the whole structure cache of the address space. */
export function flushPage(v: Vcpu, va: u64): void {
  const tag = currentTag(v);
  dropPage(v, va, tag, true, PCID_MASK);
  flushStructuresOf(v, tag);
}

/** INVPCID type 0: non-global translations of va under one tag, with the upper-level entries that va uses. */
export function flushAddress(v: Vcpu, va: u64, tag: u64): void {
  dropPage(v, va, tag, false, 0);
  flushStructuresFor(v, va, tag);
}

/** A range a..b (b exclusive) or single page of host.tlb: every PCID of the vCPU's asid, global ones included. */
export function flushRange(v: Vcpu, a: u64, b: u64): void {
  const from = vpnOf(a);
  const pages = ((b - 1 - (a & ~(<u64>0xfff))) >> 12) + 1;
  for (let i: u32 = 0; i < TLB_ENTRIES; i++) {
    const entry = tlbEntry(v, i);
    if (!(flagsOf(entry) & TLB_VALID) || <u32>((load<u64>(entry) >> 12) & 0xffff) != v.asid) continue;
    const large = sizeShift(entry);
    const first = ((load<u64>(entry) >> 28) >> large) << large;
    const span = <u64>1 << large;
    if (first - from < pages || from - first < span) drop(entry);
  }
  for (let i: u32 = 0; i < PSC_ENTRIES; i++) {
    const entry = pscOf(v) + i * TLB_ENTRY_BYTES;
    if (<u32>((load<u64>(entry) >> 12) & 0xffff) == v.asid) drop(entry);
  }
}

/** Everything of one asid (host.tlb op 4). */
export function flushAsid(v: Vcpu, asid: u32): void {
  for (let i: u32 = 0; i < TLB_ENTRIES + PSC_ENTRIES; i++) {
    const entry = i < TLB_ENTRIES ? tlbEntry(v, i) : pscOf(v) + (i - TLB_ENTRIES) * TLB_ENTRY_BYTES;
    if (<u32>((load<u64>(entry) >> 12) & 0xffff) == asid) drop(entry);
  }
}

/** Drops all upper-level entries only (host.tlb op 6). */
export function flushStructures(v: Vcpu): void {
  memory.fill(pscOf(v), 0, PSC_ENTRIES * TLB_ENTRY_BYTES);
  v.psc_next = 0;
}

function flushStructuresOf(v: Vcpu, tag: u64): void {
  for (let i: u32 = 0; i < PSC_ENTRIES; i++) {
    const entry = pscOf(v) + i * TLB_ENTRY_BYTES;
    if ((load<u64>(entry) & TAG_MASK) == tag) drop(entry);
  }
}

function flushStructuresFor(v: Vcpu, va: u64, tag: u64): void {
  for (let i: u32 = 0; i < PSC_ENTRIES; i++) {
    const entry = pscOf(v) + i * TLB_ENTRY_BYTES;
    const level = flagsOf(entry) >> 8;
    if (level && load<u64>(entry) == (((vpnOf(va) >> (9 * (level - 1))) << 28) | tag)) drop(entry);
  }
}

/** What a page fault on va drops (SDM 4.10.4.1): its translations and the upper-level entries used for it. */
export function flushFaulting(v: Vcpu, va: u64): void {
  const tag = currentTag(v);
  dropPage(v, va, tag, true, PCID_MASK);
  flushStructuresFor(v, va, tag);
}

/** Drops entries of va's page (whatever its size) under `tag`; with `globals`, global ones whose tag differs only in `ignore`. */
function dropPage(v: Vcpu, va: u64, tag: u64, globals: bool, ignore: u64): void {
  const vpn = vpnOf(va);
  for (let i: u32 = 0; i < TLB_ENTRIES; i++) {
    const entry = tlbEntry(v, i);
    const flags = flagsOf(entry);
    if (!(flags & TLB_VALID)) continue;
    const large = sizeShift(entry);
    if ((load<u64>(entry) >> 28) >> large != vpn >> large) continue;
    const differs = (load<u64>(entry) ^ tag) & TAG_MASK;
    if (flags & TLB_G ? globals && (differs & ~ignore) == 0 : differs == 0) drop(entry);
  }
}

@inline
function sizeShift(entry: usize): u64 {
  return flagsOf(entry) & TLB_2M ? 9 : flagsOf(entry) & TLB_1G ? 18 : 0;
}

@inline
function tlbEntry(v: Vcpu, i: u32): usize {
  return tlbOf(v) + i * TLB_ENTRY_BYTES;
}

/** Slot of the n-th valid entry, −1 if there are fewer: what the explorer may evict. */
export function tlbNth(v: Vcpu, n: u32): i32 {
  for (let i: u32 = 0; i < TLB_ENTRIES; i++) {
    if (!(flagsOf(tlbEntry(v, i)) & TLB_VALID)) continue;
    if (n == 0) return i;
    n -= 1;
  }
  return -1;
}

export function tlbOccupied(v: Vcpu): u32 {
  let n: u32 = 0;
  for (let i: u32 = 0; i < TLB_ENTRIES; i++) n += flagsOf(tlbEntry(v, i)) & TLB_VALID;
  return n;
}

/** Evicts one slot, as any processor may at any time. */
export function tlbEvict(v: Vcpu, slot: u32): void {
  if (slot < TLB_ENTRIES) drop(tlbEntry(v, slot));
}

/** What the TLB answers for va: frame address | flags, −1 if nothing. */
export function tlbProbe(v: Vcpu, va: u64): i64 {
  const entry = tlbLookup(v, va);
  return entry ? <i64>(<u64>tlbMa(entry) | flagsOf(entry)) : -1;
}
