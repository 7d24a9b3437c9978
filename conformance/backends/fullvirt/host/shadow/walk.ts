// The guest's own tables, walked as a processor walks them (SDM vol. 3, 4.5 to 4.8): permissions, reserved bits, accessed and dirty.
// A walk for the guest fills the shadow on its way.
import * as host from "../../../../sdk/as/host";
import { isMemory, machineOf, NOWHERE } from "../frames";
import { CR0, CR4, word } from "../state";
import {
  ACCESS_FETCH,
  ACCESS_IMPLICIT,
  ACCESS_USER,
  ACCESS_WRITE,
  ACCESSED,
  CR0_WP,
  CR4_SMAP,
  CR4_SMEP,
  DIRTY,
  EFER_NXE,
  ERROR_PRESENT,
  ERROR_RESERVED,
  FRAME,
  indexOf,
  LARGE,
  NO_EXECUTE,
  narrow,
  PRESENT,
  RESERVED,
  ROLE_ALL,
  ROLE_EXECUTE,
  ROLE_USER,
  ROLE_WRITE,
  USER,
  WRITE,
} from "./entry";
import { modeOf, rootOf } from "./roots";
import { isTable, KIND_SPLIT, KIND_TABLE, link, mapLeaf, shadowOf } from "./tables";

const CMPXCHG_64: i32 = 0x130;
const RFLAGS_AC: i64 = 1 << 18;
const PERMISSIONS: i32 = ROLE_ALL;

/** After a walk that succeeded: the guest-physical address; after one that did not: the error code of its page fault. */
export let walkGpa: i64 = 0;
export let walkError: i32 = 0;

let efer: i64 = 0;
let cr0: i64 = 0;
let cr4: i64 = 0;

/** Walks the guest's tables for an access (ACCESS_*); with `fill` the shadow maps va afterwards. False: a page fault is due. */
export function walk(vcpu: i32, va: i64, access: i32, fill: bool): bool {
  efer = host.get(vcpu, host.FIELD_EFER);
  cr0 = word(vcpu, CR0);
  cr4 = word(vcpu, CR4);
  let table = host.get(vcpu, host.FIELD_CR3) & FRAME;
  let sp = fill ? rootOf(vcpu) : 0;
  let role = ROLE_ALL | (fill ? modeOf(vcpu) : 0);
  for (let level = 4; level >= 1; level--) {
    const index = indexOf(va, level);
    const gpa = table + (index << 3);
    const entry = settled(vcpu, gpa, level, access, role);
    if (!(entry & PRESENT)) return refuse(access, 0);
    if (isReserved(entry, level)) return refuse(access, ERROR_PRESENT | ERROR_RESERVED);
    role = narrow(role, entry);
    if (level == 1 || entry & LARGE) {
      if (!permits(vcpu, role, access)) return refuse(access, ERROR_PRESENT);
      const inPage = ((<i64>1) << (3 + 9 * level)) - 1;
      walkGpa = (entry & FRAME & ~inPage) | (va & inPage);
      if (fill) fillLeaf(sp, va, access, entry, level, role);
      return true;
    }
    table = entry & FRAME;
    if (!fill) continue;
    const child = shadowOf(table >> 12, level - 1, role, KIND_TABLE);
    link(sp, index, child);
    sp = child;
  }
  return false;
}

/**
 * Reads an entry and sets in it what the access sets, by one locked step that fails if the entry is another by now:
 * otherwise a bit would come back into an entry that the guest has just cleared.
 */
function settled(vcpu: i32, gpa: i64, level: i32, access: i32, role: i32): i64 {
  if (!isMemory(gpa >> 12)) return -1;
  const at = machineOf(gpa >> 12) | (gpa & 0xff8);
  let entry = host.load64(at);
  while (entry & PRESENT && !isReserved(entry, level)) {
    const leaf = level == 1 || (entry & LARGE) != 0;
    if (leaf && !permits(vcpu, narrow(role, entry), access)) return entry;
    const marked = entry | (leaf && access & ACCESS_WRITE ? ACCESSED | DIRTY : ACCESSED);
    if (marked == entry) return entry;
    const seen = host.cmpxchg(CMPXCHG_64, at, entry, marked);
    if (seen == entry) return marked;
    entry = seen;
  }
  return entry;
}

function refuse(access: i32, cause: i32): bool {
  walkError = cause | (access & (ACCESS_WRITE | ACCESS_USER));
  if (access & ACCESS_FETCH && (cr4 & CR4_SMEP || efer & EFER_NXE)) walkError |= ACCESS_FETCH;
  return false;
}

/** Whether a present entry of a level has a reserved bit set. */
function isReserved(entry: i64, level: i32): bool {
  if (entry & RESERVED || (entry & NO_EXECUTE && !(efer & EFER_NXE))) return true;
  if (level == 4) return (entry & LARGE) != 0;
  if (level == 1 || !(entry & LARGE)) return false;
  return (entry & (level == 2 ? 0x1f_e000 : 0x3fff_e000)) != 0;
}

/** Whether the permissions of all levels together allow the access. */
function permits(vcpu: i32, role: i32, access: i32): bool {
  const user = (role & ROLE_USER) != 0;
  if (access & ACCESS_USER) {
    if (!user) return false;
    if (access & ACCESS_FETCH) return (role & ROLE_EXECUTE) != 0;
    return !(access & ACCESS_WRITE) || (role & ROLE_WRITE) != 0;
  }
  if (access & ACCESS_FETCH) return (role & ROLE_EXECUTE) != 0 && !(user && cr4 & CR4_SMEP);
  if (user && cr4 & CR4_SMAP) {
    if (access & ACCESS_IMPLICIT || !(host.get(vcpu, host.FIELD_RFLAGS) & RFLAGS_AC)) return false;
  }
  return !(access & ACCESS_WRITE) || (role & ROLE_WRITE) != 0 || !(cr0 & CR0_WP);
}

/** Maps the 4 KiB around va. A clean entry is mapped read-only, so that the first write comes back for its dirty bit. */
function fillLeaf(sp: i32, va: i64, access: i32, entry: i64, level: i32, allowed: i32): void {
  const role = entry & DIRTY ? allowed : allowed & ~ROLE_WRITE;
  const gfn = walkGpa >> 12;
  let table = sp;
  for (let above = level; above > 1; above--) {
    const first = gfn & ~(((<i64>1) << (9 * (above - 1))) - 1);
    const child = shadowOf(first, above - 1, role, KIND_SPLIT);
    link(table, indexOf(va, above), child);
    table = child;
  }
  let flags = PRESENT | ACCESSED | DIRTY;
  if (role & ROLE_USER) flags |= USER;
  if (!(role & ROLE_EXECUTE)) flags |= NO_EXECUTE;
  if (!isTable(gfn)) {
    if (role & ROLE_WRITE) flags |= WRITE;
    else if (access & ACCESS_WRITE) flags = ignoringWriteProtection(flags);
  }
  mapLeaf(table, indexOf(va, 1), machineOf(gfn), flags);
}

/** CR0.WP = 0 lets the kernel write where nobody may: the real WP is always 1, so the page is the kernel's alone for the time being. */
function ignoringWriteProtection(flags: i64): i64 {
  const kernel = (flags & ~USER) | WRITE;
  return flags & USER && cr4 & CR4_SMEP ? kernel | NO_EXECUTE : kernel;
}

/** Guest-physical address of the last walk as a machine address; NOWHERE without memory. */
export function walkMachine(): i64 {
  const page = machineOf(walkGpa >> 12);
  return page == NOWHERE ? NOWHERE : page | (walkGpa & 0xfff);
}
