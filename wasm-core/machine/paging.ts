// The permission rules of 4-level paging (SDM vol. 3, 4.6 and 4.7), on permissions accumulated over the levels.
import { PageError } from "./faults";
import { TLB_U, TLB_W, TLB_X } from "./tlb";
import { Vcpu } from "./vcpu";

/** Kinds of access, as bits; none set is an explicit data read. */
export const enum Access {
  READ = 0,
  WRITE = 1,
  FETCH = 2,
  /** Made by the processor for itself (descriptor tables, delivery): supervisor whatever the CPL. */
  IMPLICIT = 4,
}

export const CR0_WP: u64 = 1 << 16;
export const CR4_PGE: u64 = 1 << 7;
export const CR4_PCIDE: u64 = 1 << 17;
export const CR4_SMEP: u64 = 1 << 20;
export const CR4_SMAP: u64 = 1 << 21;
export const EFER_NXE: u64 = 1 << 11;
export const RFLAGS_AC: u64 = 1 << 18;

export const PTE_P: u64 = 1;
export const PTE_W: u64 = 2;
export const PTE_U: u64 = 4;
export const PTE_A: u64 = 32;
export const PTE_D: u64 = 64;
export const PTE_PS: u64 = 128;
export const PTE_G: u64 = 256;
export const PTE_NX: u64 = 1 << 63;
/** Width of physical addresses (CPUID 0x80000008); higher address bits of an entry are reserved. */
export const PHYSICAL_BITS: u64 = 40;
export const PTE_FRAME: u64 = ((<u64>1 << PHYSICAL_BITS) - 1) & ~(<u64>0xfff);
const PTE_RESERVED: u64 = ((<u64>1 << 52) - 1) & ~((<u64>1 << PHYSICAL_BITS) - 1);

@inline
export function isUserAccess(v: Vcpu, access: u32): bool {
  return v.cpl == 3 && (access & Access.IMPLICIT) == 0;
}

/** Whether accumulated permissions (TLB_W, TLB_U, TLB_X) allow the access under the present control bits. */
export function permits(v: Vcpu, flags: u32, access: u32): bool {
  const user = (flags & TLB_U) != 0;
  if (isUserAccess(v, access)) {
    if (!user) return false;
    if (access & Access.FETCH) return (flags & TLB_X) != 0;
    return (access & Access.WRITE) == 0 || (flags & TLB_W) != 0;
  }
  if (access & Access.FETCH) return (flags & TLB_X) != 0 && !(user && (v.cr4 & CR4_SMEP) != 0);
  if (user && (v.cr4 & CR4_SMAP) != 0) {
    if (access & Access.IMPLICIT || (v.rflags & RFLAGS_AC) == 0) return false;
  }
  return (access & Access.WRITE) == 0 || (flags & TLB_W) != 0 || (v.cr0 & CR0_WP) == 0;
}

/** Error code of a page fault; `cause` is PageError.P for a protection fault, with RSVD for a reserved bit, 0 for not present. */
export function pageErrorOf(v: Vcpu, access: u32, cause: u32): u32 {
  let error = cause;
  if (access & Access.WRITE) error |= PageError.W;
  if (isUserAccess(v, access)) error |= PageError.U;
  if (access & Access.FETCH && ((v.cr4 & CR4_SMEP) != 0 || (v.efer & EFER_NXE) != 0)) error |= PageError.I;
  return error;
}

/** Whether a present entry of `level` (4 … 1) has a reserved bit set. */
export function hasReservedBits(v: Vcpu, entry: u64, level: u32): bool {
  if (entry & PTE_RESERVED) return true;
  if (entry & PTE_NX && (v.efer & EFER_NXE) == 0) return true;
  if (level == 4) return (entry & PTE_PS) != 0;
  if (level == 1 || !(entry & PTE_PS)) return false;
  // Bit 12 of a large page is PAT; from 13 to the page's size the address bits must be zero.
  const size = level == 2 ? (<u64>1 << 21) : (<u64>1 << 30);
  return (entry & (size - 1) & ~(<u64>0x1fff)) != 0;
}

/** Narrows accumulated permissions by one entry. */
export function narrow(flags: u32, entry: u64): u32 {
  let kept = flags;
  if (!(entry & PTE_W)) kept &= ~TLB_W;
  if (!(entry & PTE_U)) kept &= ~TLB_U;
  if (entry & PTE_NX) kept &= ~TLB_X;
  return kept;
}
