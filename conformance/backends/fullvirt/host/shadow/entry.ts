// Bits of page-table entries (SDM vol. 3, 4.5) and of accesses.
export const PRESENT: i64 = 1;
export const WRITE: i64 = 2;
export const USER: i64 = 4;
export const ACCESSED: i64 = 0x20;
export const DIRTY: i64 = 0x40;
export const LARGE: i64 = 0x80;
export const NO_EXECUTE: i64 = i64.MIN_VALUE;
/** Physical addresses have 40 bits; the entry's bits 51:40 are reserved. */
export const FRAME: i64 = 0xff_ffff_f000;
export const RESERVED: i64 = 0x000f_ff00_0000_0000;
/** A table entry in the shadow: permissions are all in the leaf. Accessed and dirty are set, so that the walker writes nothing. */
export const TABLE: i64 = PRESENT | WRITE | USER | ACCESSED | DIRTY;

/** An access, as bits of a page fault's error code: write, by user code, fetch; and one that the processor makes for itself. */
export const ACCESS_WRITE: i32 = 2;
export const ACCESS_USER: i32 = 4;
export const ACCESS_FETCH: i32 = 16;
export const ACCESS_IMPLICIT: i32 = 32;
export const ERROR_PRESENT: i32 = 1;
export const ERROR_RESERVED: i32 = 8;

export const CR0_WP: i64 = 1 << 16;
export const CR4_SMEP: i64 = 1 << 20;
export const CR4_SMAP: i64 = 1 << 21;
export const EFER_NXE: i64 = 1 << 11;

/** What decides the shadow of a table beside its content: permissions above it, and the control bits that change their meaning. */
export const ROLE_WRITE: i32 = 1;
export const ROLE_USER: i32 = 2;
export const ROLE_EXECUTE: i32 = 4;
export const ROLE_ALL: i32 = 7;
export const ROLE_NO_WP: i32 = 8;
export const ROLE_SMEP: i32 = 16;
export const ROLE_NXE: i32 = 32;

/** Index of va in its table of a level (4 … 1). */
@inline
export function indexOf(va: i64, level: i32): i32 {
  return <i32>((va >> (3 + 9 * level)) & 511);
}

/** Permissions of a role narrowed by one guest entry. */
export function narrow(role: i32, entry: i64): i32 {
  let kept = role;
  if (!(entry & WRITE)) kept &= ~ROLE_WRITE;
  if (!(entry & USER)) kept &= ~ROLE_USER;
  if (entry & NO_EXECUTE) kept &= ~ROLE_EXECUTE;
  return kept;
}
