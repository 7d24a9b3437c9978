// Whether a vCPU can start with an AP state: the checks that a processor or a hypervisor would make, made before anything happens.
import {
  AP_CR0,
  AP_CR3,
  AP_CR4,
  AP_EFER,
  AP_FS_BASE,
  AP_GDT_BASE,
  AP_GDT_LIMIT,
  AP_GS_BASE,
  AP_IDT_BASE,
  AP_IDT_LIMIT,
  AP_RIP,
  AP_RSP,
} from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";

/** PE and PG. */
const CR0_NEEDED: i64 = 0x8000_0001;
/** PE MP EM TS ET NE WP AM NW CD PG. */
const CR0_KNOWN: i64 = 0xe005_003f;
/** NW without CD is no state of a processor. */
const CR0_NW: i64 = 0x2000_0000;
const CR0_CD: i64 = 0x4000_0000;
const CR4_PAE: i64 = 0x20;
/** VME to UMIP, FSGSBASE, PCIDE, OSXSAVE, SMEP, SMAP. */
const CR4_KNOWN: i64 = 0x37_0fff;
const LME_LMA: i64 = 0x500;
/** SCE LME LMA NXE. */
const EFER_KNOWN: i64 = 0xd01;
/** PWT and PCD beside an address of 40 bits. */
const CR3_KNOWN: i64 = 0xff_ffff_f018;
const LIMIT_MAX: u32 = 0xffff;

/** `at` is the va of a private copy of the state. */
export function stateIsValid(at: i64): bool {
  if (!canonical(at + AP_RIP) || !canonical(at + AP_RSP)) return false;
  if (!canonical(at + AP_GDT_BASE) || !canonical(at + AP_IDT_BASE)) return false;
  if (!canonical(at + AP_FS_BASE) || !canonical(at + AP_GS_BASE)) return false;
  if (<u32>machine.load32(at + AP_GDT_LIMIT) > LIMIT_MAX || <u32>machine.load32(at + AP_IDT_LIMIT) > LIMIT_MAX) return false;
  if (machine.load64(at + AP_CR3) & ~CR3_KNOWN) return false;
  const cr0 = machine.load64(at + AP_CR0);
  if (cr0 & ~CR0_KNOWN || (cr0 & CR0_NEEDED) != CR0_NEEDED || (cr0 & CR0_NW && !(cr0 & CR0_CD))) return false;
  const cr4 = machine.load64(at + AP_CR4);
  if (cr4 & ~CR4_KNOWN || !(cr4 & CR4_PAE)) return false;
  const efer = machine.load64(at + AP_EFER);
  return !(efer & ~EFER_KNOWN) && (efer & LME_LMA) == LME_LMA;
}

/** The u64 at `at` is an address that sign-extends from bit 47. */
function canonical(at: i64): bool {
  const va = machine.load64(at);
  return (va << 16) >> 16 == va;
}
