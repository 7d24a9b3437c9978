// CR0, CR2, CR3, CR4, CR8, EFER and debug registers: architectural checks, and what their writes drop from the TLB.
import { guardDebug } from "./debug";
import { canonical, fault, generalProtection, Vector } from "./faults";
import { Step } from "./ops";
import { CR4_PCIDE, CR4_PGE, CR4_SMEP, PHYSICAL_BITS } from "./paging";
import { currentTag, flushAll, flushPage, flushAddress, flushNonGlobal, flushTag } from "./tlb";
import { Vcpu } from "./vcpu";

const CR0_DEFINED: u64 = 0xe005_003f;
const CR0_PE: u64 = 1;
const CR0_ET: u64 = 16;
const CR0_NW: u64 = (<u64>1) << 29;
const CR0_CD: u64 = (<u64>1) << 30;
const CR0_PG: u64 = (<u64>1) << 31;
/** VME PVI TSD DE PSE PAE MCE PGE PCE OSFXSR OSXMMEXCPT UMIP FSGSBASE PCIDE OSXSAVE SMEP SMAP. */
const CR4_DEFINED: u64 = 0x37_0fff;
const CR4_PAE: u64 = 32;
const CR4_DE: u64 = 8;
const CR3_NOFLUSH: u64 = (<u64>1) << 63;
const EFER_DEFINED: u64 = 0xd01;
const EFER_LME: u64 = 0x100;
const EFER_LMA: u64 = 0x400;

/** Whether a value may be in CR0 of 64-bit mode. */
export function isValidCr0(value: u64): bool {
  if (value & ~(<u64>0xffff_ffff) || (value & (CR0_PE | CR0_PG)) != (CR0_PE | CR0_PG)) return false;
  return (value & CR0_NW) == 0 || (value & CR0_CD) != 0;
}

export function isValidCr4(value: u64): bool {
  return (value & ~CR4_DEFINED) == 0 && (value & CR4_PAE) != 0;
}

/** Without the no-flush bit. */
export function isValidCr3(value: u64): bool {
  return value >> PHYSICAL_BITS == 0;
}

export function isValidEfer(value: u64): bool {
  return (value & ~EFER_DEFINED) == 0 && (value & (EFER_LME | EFER_LMA)) == (EFER_LME | EFER_LMA);
}

/** Value of a control register as the guest sees it; `found` in the result only if Step.DONE. */
export let crValue: u64 = 0;

/** MOV from CR n: 0, 2, 3, 4, 8. Owned bits read from the shadow. */
export function readCr(v: Vcpu, n: u32): i32 {
  if (n == 0) crValue = (v.cr0 & ~v.cr0_own) | (v.cr0_shadow & v.cr0_own);
  else if (n == 2) crValue = v.cr2;
  else if (n == 3) crValue = v.cr3;
  else if (n == 4) crValue = (v.cr4 & ~v.cr4_own) | (v.cr4_shadow & v.cr4_own);
  else if (n == 8) crValue = v.tpr >> 4;
  else return fault(v, Vector.UD);
  return Step.DONE;
}

/** MOV to CR n. A write that would change an owned bit exits (reason INSN is the caller's to fill): Step.EXIT. */
export function writeCr(v: Vcpu, n: u32, value: u64): i32 {
  if (n == 0) return writeCr0(v, value);
  if (n == 3) return writeCr3(v, value);
  if (n == 4) return writeCr4(v, value);
  if (n == 2) v.cr2 = value;
  else if (n == 8) {
    if (value > 15) return generalProtection(v);
    v.tpr = <u32>value << 4;
  } else return fault(v, Vector.UD);
  return Step.DONE;
}

function writeCr0(v: Vcpu, value: u64): i32 {
  if (!isValidCr0(value)) return generalProtection(v);
  if ((value ^ v.cr0_shadow) & v.cr0_own) return Step.EXIT;
  v.cr0 = (value & CR0_DEFINED & ~v.cr0_own) | (v.cr0 & v.cr0_own) | CR0_ET;
  return Step.DONE;
}

function writeCr3(v: Vcpu, value: u64): i32 {
  const pcid = (v.cr4 & CR4_PCIDE) != 0;
  if (!isValidCr3(pcid ? value & ~CR3_NOFLUSH : value)) return generalProtection(v);
  v.cr3 = value & ~CR3_NOFLUSH;
  if (pcid && (value & CR3_NOFLUSH) != 0) return Step.DONE;
  flushTag(v, currentTag(v));
  v.count_flush_local += 1;
  return Step.DONE;
}

function writeCr4(v: Vcpu, value: u64): i32 {
  if (!isValidCr4(value)) return generalProtection(v);
  if ((value ^ v.cr4_shadow) & v.cr4_own) return Step.EXIT;
  const next = (value & ~v.cr4_own) | (v.cr4 & v.cr4_own);
  if (next & ~v.cr4 & CR4_PCIDE && v.cr3 & 0xfff) return generalProtection(v);
  const changed = next ^ v.cr4;
  // SDM 4.10.4.1: PGE either way and PCIDE to 0 drop everything, SMEP to 1 the present address space.
  if (changed & CR4_PGE || (changed & CR4_PCIDE && !(next & CR4_PCIDE))) {
    flushAll(v);
    v.count_flush_local += 1;
  } else if (changed & next & CR4_SMEP) {
    flushTag(v, currentTag(v));
  }
  v.cr4 = next;
  return Step.DONE;
}

/** EFER as WRMSR writes it: LME cannot change while paging is on, LMA is kept. */
export function writeEfer(v: Vcpu, value: u64): i32 {
  if (value & ~EFER_DEFINED || (value & EFER_LME) == 0) return generalProtection(v);
  v.efer = value | EFER_LMA;
  return Step.DONE;
}

/** INVLPG. A non-canonical address drops nothing. */
export function invalidatePage(v: Vcpu, va: u64): i32 {
  if (canonical(va)) flushPage(v, va);
  v.count_flush_one += 1;
  return Step.DONE;
}

/** INVPCID: type 0 address, 1 one PCID, 2 all with globals, 3 all without. */
export function invalidatePcid(v: Vcpu, type: u32, pcid: u64, va: u64): i32 {
  if (type > 3 || pcid > 0xfff) return generalProtection(v);
  if (type < 2 && !(v.cr4 & CR4_PCIDE) && pcid != 0) return generalProtection(v);
  if (type == 0 && !canonical(va)) return generalProtection(v);
  const tag = ((<u64>v.asid) << 12) | pcid;
  if (type == 0) {
    flushAddress(v, va, tag);
    v.count_flush_one += 1;
    return Step.DONE;
  }
  if (type == 1) flushTag(v, tag);
  else if (type == 2) flushAll(v);
  else flushNonGlobal(v);
  v.count_flush_local += 1;
  return Step.DONE;
}

/** MOV from DR n; DR4 and DR5 are DR6 and DR7 unless CR4.DE. */
export function readDr(v: Vcpu, n: u32): i32 {
  if (n > 7 || ((n == 4 || n == 5) && (v.cr4 & CR4_DE) != 0)) return fault(v, Vector.UD);
  const guarded = guardDebug(v);
  if (guarded != Step.DONE) return guarded;
  crValue = n == 0 ? v.dr0 : n == 1 ? v.dr1 : n == 2 ? v.dr2 : n == 3 ? v.dr3 : n == 4 || n == 6 ? v.dr6 : v.dr7;
  return Step.DONE;
}

export function writeDr(v: Vcpu, n: u32, value: u64): i32 {
  if (n > 7 || ((n == 4 || n == 5) && (v.cr4 & CR4_DE) != 0)) return fault(v, Vector.UD);
  const guarded = guardDebug(v);
  if (guarded != Step.DONE) return guarded;
  if (n >= 4 && value >> 32 != 0) return generalProtection(v);
  if (n == 0) v.dr0 = value;
  else if (n == 1) v.dr1 = value;
  else if (n == 2) v.dr2 = value;
  else if (n == 3) v.dr3 = value;
  else if (n == 4 || n == 6) v.dr6 = (value & 0xe00f) | 0xffff_0ff0;
  else v.dr7 = (value & 0xffff_2bff) | 0x400;
  return Step.DONE;
}
