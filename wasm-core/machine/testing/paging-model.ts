// What the architecture manual (SDM vol. 3, 4.5.4, 4.6.1, 4.7, 4.8) says of one access through 4-level tables. Shares nothing with the
// machine's own walker: neither constants nor functions.

export const READ: u32 = 0;
export const WRITE: u32 = 1;
export const FETCH: u32 = 2;
export const SUPERVISOR: u32 = 0;
export const USER: u32 = 1;
/** A supervisor access that the processor makes for itself, whatever the CPL. */
export const IMPLICIT: u32 = 2;

@unmanaged
export class Controls {
  wp: bool;
  smep: bool;
  smap: bool;
  nxe: bool;
  ac: bool;
}

/** The prediction: 0 or the error code of the page fault, and how many entries the walk used (the last one maps, or stops it). */
export let faults: bool = false;
export let errorCode: u32 = 0;
export let used: u32 = 0;
/** Address bits of the page: 12, 21 or 30. */
export let pageBits: u64 = 12;

const PRESENT: u64 = 1;
const READ_WRITE: u64 = 2;
const USER_SUPERVISOR: u64 = 4;
const PAGE_SIZE: u64 = 0x80;
const EXECUTE_DISABLE: u64 = 0x8000_0000_0000_0000;
/** Bits 51:40, above MAXPHYADDR 40. */
const ABOVE_MAXPHYADDR: u64 = 0x000f_ff00_0000_0000;

/** Whether the i-th entry of the walk (0 PML4E … 3 PTE) maps a page instead of referencing a table. */
function mapsPage(entry: u64, i: u32): bool {
  return i == 3 || (i > 0 && (entry & PAGE_SIZE) != 0);
}

function hasReservedBit(entry: u64, i: u32, nxe: bool): bool {
  if (entry & ABOVE_MAXPHYADDR) return true;
  if (!nxe && (entry & EXECUTE_DISABLE) != 0) return true;
  if (i == 0) return (entry & PAGE_SIZE) != 0;
  if (i == 1 && (entry & PAGE_SIZE) != 0) return (entry & 0x3fff_e000) != 0;
  return i == 2 && (entry & PAGE_SIZE) != 0 && (entry & 0x001f_e000) != 0;
}

function fault(kind: u32, mode: u32, present: bool, reserved: bool, c: Controls): void {
  faults = true;
  errorCode = (present ? 1 : 0) | (kind == WRITE ? 2 : 0) | (mode == USER ? 4 : 0) | (reserved ? 8 : 0);
  if (kind == FETCH && (c.smep || c.nxe)) errorCode |= 16;
}

/** Predicts an access of a kind and mode through four entries (u64 at `entries`). */
export function predict(entries: usize, kind: u32, mode: u32, c: Controls): void {
  faults = false;
  errorCode = 0;
  let everyWritable = true;
  let everyUser = true;
  let everyExecutable = true;
  for (let i: u32 = 0; i < 4; i++) {
    const entry = load<u64>(entries + (i << 3));
    used = i + 1;
    if (!(entry & PRESENT)) return fault(kind, mode, false, false, c);
    if (hasReservedBit(entry, i, c.nxe)) return fault(kind, mode, true, true, c);
    if (!(entry & READ_WRITE)) everyWritable = false;
    if (!(entry & USER_SUPERVISOR)) everyUser = false;
    if (c.nxe && (entry & EXECUTE_DISABLE) != 0) everyExecutable = false;
    if (!mapsPage(entry, i)) continue;
    pageBits = i == 3 ? 12 : i == 2 ? 21 : 30;
    break;
  }
  const may =
    mode == USER
      ? userMay(kind, everyUser, everyWritable, everyExecutable)
      : supervisorMay(kind, mode, everyUser, everyWritable, everyExecutable, c);
  if (!may) fault(kind, mode, true, false, c);
}

/** Rights of user-mode accesses: only to user-mode addresses. */
function userMay(kind: u32, user: bool, writable: bool, executable: bool): bool {
  if (!user) return false;
  if (kind == READ) return true;
  return kind == WRITE ? writable : executable;
}

/** Rights of supervisor-mode accesses, explicit and implicit. */
function supervisorMay(kind: u32, mode: u32, user: bool, writable: bool, executable: bool, c: Controls): bool {
  if (kind == FETCH) {
    if (user && c.smep) return false;
    return executable;
  }
  if (user && c.smap) {
    if (mode == IMPLICIT || !c.ac) return false;
  }
  if (kind == READ) return true;
  return !c.wp || writable;
}
