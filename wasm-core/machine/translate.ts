// From virtual to machine addresses: TLB first, whatever tables say now; then a walk that sets A and D by locked steps.
import { canonical, generalProtection, pageFault, PageError } from "./faults";
import { physStore } from "./frames";
import { IMPLICIT_WRITE, implicitNote } from "./implicit";
import { Step } from "./ops";
import {
  Access, CR4_PGE, hasReservedBits, narrow, pageErrorOf, permits, PTE_A, PTE_D, PTE_FRAME, PTE_G, PTE_P, PTE_PS,
} from "./paging";
import { hasSecondLevel, secondLevelStepped, SLAT_MISS, toMachine } from "./second-level";
import { sbDrainOverlap, sbLoad } from "./storebuffer";
import {
  flushFaulting, pscInsert, pscLookup, TLB_1G, TLB_2M, TLB_D, TLB_F, TLB_G, tlbFlags, tlbInsert, tlbLookup, tlbMa, TLB_U, TLB_W, TLB_X,
} from "./tlb";
import { Exit, Vcpu } from "./vcpu";

/** Machine address found by the last translate that answered Step.DONE. */
export let translated: u32 = 0;

/** Index bits of va at a level (4 … 1). */
@inline
function indexOf(va: u64, level: u32): u32 {
  return <u32>((va >> (3 + 9 * level)) & 511);
}

/**
 * Translates va for an access (Access bits). DONE: address in `translated`. SPLIT: a locked A/D step was made, translate
 * again. FAULT: #GP or #PF recorded. EXIT: the second level refuses (reason SLAT recorded).
 */
export function translate(v: Vcpu, va: u64, access: u32): i32 {
  if (!canonical(va)) return generalProtection(v);
  const entry = tlbLookup(v, va);
  if (!entry) return walk(v, va, access);
  const flags = tlbFlags(entry);
  // A stale entry decides: a fault from it is legal (spurious) and drops it, SDM 4.10.4.1.
  if (!permits(v, flags, access)) return refuse(v, va, access, PageError.P);
  if (access & Access.WRITE && !(flags & TLB_D)) return walk(v, va, access);
  if (access & Access.FETCH && !(flags & TLB_F)) return walk(v, va, access);
  translated = tlbMa(entry) | (<u32>va & 0xfff);
  return Step.DONE;
}

function refuse(v: Vcpu, va: u64, access: u32, cause: u32): i32 {
  flushFaulting(v, va);
  return pageFault(v, va, pageErrorOf(v, access, cause));
}

/** The second level does not map what a walk asked for; or it does, and the walk has made a locked step in it. */
function leaveForSecondLevel(v: Vcpu, va: u64, physical: u64, access: u32, inWalk: bool): i32 {
  if (secondLevelStepped) return Step.SPLIT;
  v.exit_reason = Exit.SLAT;
  v.exit_gpa = physical;
  v.exit_gva = va;
  v.exit_error = access & 3;
  v.exit_flags = inWalk ? 1 : 0;
  // A memory access is one byte long like every primitive.
  if (v.exit_len == 0) v.exit_len = 1;
  return Step.EXIT;
}

/** Physical address of the root table that walks start at. */
@inline
function rootOf(v: Vcpu): u64 {
  return (v.root_is_hw ? v.hw_root : v.cr3) & PTE_FRAME;
}

function walk(v: Vcpu, va: u64, access: u32): i32 {
  let level: u32 = 4;
  let flags: u32 = TLB_W | TLB_U | TLB_X;
  let table: u32 = SLAT_MISS;
  // The lowest remembered upper-level entry is used, whatever the tables above it say now.
  for (let above: u32 = 2; above <= 4 && table == SLAT_MISS; above++) {
    const known = pscLookup(v, va, above);
    if (!known) continue;
    table = tlbMa(known);
    flags = tlbFlags(known) & 0xff;
    level = above - 1;
  }
  if (table == SLAT_MISS) {
    table = toMachine(v, rootOf(v), Access.READ, false);
    if (table == SLAT_MISS) return leaveForSecondLevel(v, va, rootOf(v) | indexOf(va, 4) * 8, Access.READ, true);
  }
  for (; level >= 1; level--) {
    const at = table + indexOf(va, level) * 8;
    const entry = sbLoad(v, at, 8);
    implicitNote(at, 8, 0);
    if (!(entry & PTE_P)) return refuse(v, va, access, 0);
    if (hasReservedBits(v, entry, level)) return refuse(v, va, access, PageError.P | PageError.RSVD);
    flags = narrow(flags, entry);
    if (level == 1 || (entry & PTE_PS) != 0) return useLeaf(v, va, access, at, entry, level, flags);
    const next = toMachine(v, entry & PTE_FRAME, Access.READ, false);
    if (next == SLAT_MISS) return leaveForSecondLevel(v, va, (entry & PTE_FRAME) | indexOf(va, level - 1) * 8, Access.READ, true);
    if (!(entry & PTE_A) && !mayUpdate(v, va, level)) return leaveForSecondLevel(v, va, refused, Access.WRITE, true);
    pscInsert(v, va, level, next, flags);
    if (setBits(v, at, entry, PTE_A)) return Step.SPLIT;
    table = next;
  }
  return Step.DONE;
}

/** Checks and remembers the entry that maps va's page. */
function useLeaf(v: Vcpu, va: u64, access: u32, at: u32, entry: u64, level: u32, permissions: u32): i32 {
  if (!permits(v, permissions, access)) return refuse(v, va, access, PageError.P);
  const physical = pageOf(va, entry, level);
  const ma = toMachine(v, physical, access, false);
  if (ma == SLAT_MISS) return leaveForSecondLevel(v, va, physical | (va & 0xfff), access, false);
  const used = access & Access.WRITE ? PTE_A | PTE_D : PTE_A;
  if ((entry & used) != used && !mayUpdate(v, va, level)) return leaveForSecondLevel(v, va, refused, Access.WRITE, true);
  let flags = permissions;
  if ((entry | used) & PTE_D && secondLevelKnown(v, access, Access.WRITE)) flags |= TLB_D;
  if (secondLevelKnown(v, access, Access.FETCH)) flags |= TLB_F;
  if (entry & PTE_G && (v.cr4 & CR4_PGE) != 0) flags |= TLB_G;
  if (level == 2) flags |= TLB_2M;
  if (level == 3) flags |= TLB_1G;
  tlbInsert(v, va, ma & ~(<u32>0xfff), flags);
  if (setBits(v, at, entry, used)) return Step.SPLIT;
  translated = ma | (<u32>va & 0xfff);
  return Step.DONE;
}

/** Physical address of the entry that the second level does not let the walker write. */
let refused: u64 = 0;

/**
 * Whether the second level lets the walker set A and D in the entry of va at `level`: a write to the table (SDM vol. 3,
 * 28.3.3.2), which the reads of the walk did not ask for. The table's own address is found again from the root.
 */
function mayUpdate(v: Vcpu, va: u64, level: u32): bool {
  if (!hasSecondLevel(v) || v.slat_root == 0) return true;
  let physical = rootOf(v);
  for (let above: u32 = 4; above > level; above--) {
    const table = toMachine(v, physical, Access.READ, true);
    // Changed under the walk, which uses what it remembers: then nothing more can be said of the table.
    if (table == SLAT_MISS) return true;
    physical = sbLoad(v, table + indexOf(va, above) * 8, 8) & PTE_FRAME;
  }
  refused = physical | indexOf(va, level) * 8;
  return toMachine(v, physical, Access.WRITE, false) != SLAT_MISS;
}

/** Whether a TLB entry may serve a kind of access without another look at the second level. */
function secondLevelKnown(v: Vcpu, access: u32, kind: u32): bool {
  return !hasSecondLevel(v) || (access & kind) != 0 || v.slat_root == 0;
}

/** Physical address of the 4 KiB piece that a leaf entry gives va. */
function pageOf(va: u64, entry: u64, level: u32): u64 {
  const inPage = (<u64>1 << (3 + 9 * level)) - 1;
  return (entry & PTE_FRAME & ~inPage) | (va & inPage & ~(<u64>0xfff));
}

/** The walker's locked step: sets bits of an entry; true if there was something to set. */
function setBits(v: Vcpu, at: u32, entry: u64, bits: u64): bool {
  if ((entry & bits) == bits) return false;
  sbDrainOverlap(v, at, 8);
  physStore(at, 8, entry | bits);
  implicitNote(at, 8, IMPLICIT_WRITE);
  return true;
}

/** Machine addresses of the entries that translateOnly read last, u32 each, and how many: what a walk depends on. */
export const walkedEntries: usize = memory.data(16, 4);
export let walkedCount: u32 = 0;

/** No walk: nothing depends on it. */
export function walkedForget(): void {
  walkedCount = 0;
}

/** As host.translate: walks the present root without TLB, A or D. −3 EFAULT or the machine address. */
export function translateOnly(v: Vcpu, va: u64, access: u32): i64 {
  walkedCount = 0;
  if (!canonical(va)) return -3;
  let flags: u32 = TLB_W | TLB_U | TLB_X;
  let table = toMachine(v, rootOf(v), Access.READ, true);
  for (let level: u32 = 4; level >= 1 && table < SLAT_MISS; level--) {
    const at = table + indexOf(va, level) * 8;
    store<u32>(walkedEntries + (walkedCount << 2), at);
    walkedCount += 1;
    const entry = sbLoad(v, at, 8);
    if (!(entry & PTE_P) || hasReservedBits(v, entry, level)) return -3;
    flags = narrow(flags, entry);
    if (level == 1 || (entry & PTE_PS) != 0) {
      if (!permits(v, flags, access)) return -3;
      const ma = toMachine(v, pageOf(va, entry, level) | (va & 0xfff), access, true);
      return ma == SLAT_MISS ? -3 : <i64>(<u64>ma);
    }
    table = toMachine(v, entry & PTE_FRAME, Access.READ, true);
  }
  return -3;
}

/** The check that a transfer of control to va makes: DONE, FAULT, SPLIT or EXIT. */
export function checkFetch(v: Vcpu, va: u64): i32 {
  return translate(v, va, Access.FETCH);
}
