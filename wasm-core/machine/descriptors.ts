// Segment and system descriptors in machine memory, as 64-bit mode reads them.
//
//   | limit 15:0 | base 23:0 | type 43:40 | S 44 | DPL 46:45 | P 47 | L 53 | base 31:24 at 63:56 |   system: 16 bytes, base 63:32 in the second half
import { faultError, generalProtection, Vector } from "./faults";
import { IMPLICIT_TABLE, IMPLICIT_WRITE, implicitNote } from "./implicit";
import { Step } from "./ops";
import { Access } from "./paging";
import { sbLoad, sbStore } from "./storebuffer";
import { translate, translated } from "./translate";
import { Vcpu } from "./vcpu";

/** Value found by the last readQuad or readDescriptor that answered DONE. */
export let quad: u64 = 0;

/** Reads 8 bytes at va as the processor does for itself: crossing pages; SPLIT after each entry in which the walk set A. */
export function readQuad(v: Vcpu, va: u64, access: u32): i32 {
  let status = translate(v, va, access);
  if (status != Step.DONE) return status;
  const inPage = 4096 - (<u32>va & 0xfff);
  const first = translated;
  const kind: u32 = access & Access.IMPLICIT ? IMPLICIT_TABLE : 0;
  implicitNote(first, min(inPage, 8), kind);
  if (inPage >= 8) {
    quad = sbLoad(v, first, 8);
    return Step.DONE;
  }
  status = translate(v, va + inPage, access);
  if (status != Step.DONE) return status;
  implicitNote(translated, 8 - inPage, kind);
  quad = sbLoad(v, first, inPage) | (sbLoad(v, translated, 8 - inPage) << (inPage << 3));
  return Step.DONE;
}

/** Reads the descriptor of a GDT selector into `quad`; `external` is the EXT bit of the error code. */
export function readDescriptor(v: Vcpu, selector: u32, external: u32): i32 {
  const error = (selector & 0xfffc) | external;
  const at = selector & 0xfff8;
  if (selector & 4 || at + 7 > v.gdt_limit) return faultError(v, Vector.GP, error);
  return readQuad(v, v.gdt_base + at, Access.IMPLICIT);
}

@inline
function isPresent(descriptor: u64): bool {
  return (descriptor & ((<u64>1) << 47)) != 0;
}

@inline
export function dplOf(descriptor: u64): u32 {
  return <u32>(descriptor >> 45) & 3;
}

/** Checks a code selector for a transfer of control: 64-bit code, present. Its DPL is left in `quad`. */
export function checkCode(v: Vcpu, selector: u32, external: u32): i32 {
  if ((selector & 0xfffc) == 0) return faultError(v, Vector.GP, external);
  const status = readDescriptor(v, selector, external);
  if (status != Step.DONE) return status;
  const error = (selector & 0xfffc) | external;
  const isCode = ((quad >> 43) & 3) == 3;
  const is64 = ((quad >> 53) & 3) == 1;
  if (!isCode || !is64) return faultError(v, Vector.GP, error);
  return isPresent(quad) ? Step.DONE : faultError(v, Vector.NP, error);
}

/** Loads LDTR (type 2). A null selector makes the LDT unusable. */
export function loadLdt(v: Vcpu, selector: u32): i32 {
  if ((selector & 0xfffc) == 0) {
    v.ldt_selector = selector;
    v.ldt_base = 0;
    v.ldt_limit = 0;
    return Step.DONE;
  }
  const status = readSystem(v, selector, 2);
  if (status != Step.DONE) return status;
  v.ldt_selector = selector;
  v.ldt_base = systemBase;
  v.ldt_limit = systemLimit;
  return Step.DONE;
}

/** Loads TR (type 9, available TSS) and marks the TSS busy. */
export function loadTask(v: Vcpu, selector: u32): i32 {
  if ((selector & 0xfffc) == 0) return generalProtection(v);
  const status = readSystem(v, selector, 9);
  if (status != Step.DONE) return status;
  const written = translate(v, v.gdt_base + (selector & 0xfff8), Access.IMPLICIT | Access.WRITE);
  if (written != Step.DONE) return written;
  implicitNote(translated, 8, IMPLICIT_WRITE);
  sbStore(v, translated, 8, systemLow | ((<u64>2) << 40));
  v.tr_selector = selector;
  v.tss_base = systemBase;
  v.tss_limit = systemLimit;
  return Step.DONE;
}

let systemLow: u64 = 0;
let systemBase: u64 = 0;
let systemLimit: u32 = 0;

function readSystem(v: Vcpu, selector: u32, type: u64): i32 {
  const error = selector & 0xfffc;
  if (selector & 4 || (selector & 0xfff8) + 15 > v.gdt_limit) return faultError(v, Vector.GP, error);
  let status = readQuad(v, v.gdt_base + (selector & 0xfff8), Access.IMPLICIT);
  if (status != Step.DONE) return status;
  systemLow = quad;
  status = readQuad(v, v.gdt_base + (selector & 0xfff8) + 8, Access.IMPLICIT);
  if (status != Step.DONE) return status;
  if (((systemLow >> 40) & 0x1f) != type || (quad >> 40) & 0x1f) return faultError(v, Vector.GP, error);
  if (!isPresent(systemLow)) return faultError(v, Vector.NP, error);
  systemBase = ((systemLow >> 16) & 0xff_ffff) | ((systemLow >> 32) & 0xff00_0000) | (quad << 32);
  systemLimit = <u32>(systemLow & 0xffff) | (<u32>(systemLow >> 32) & 0xf_0000);
  return Step.DONE;
}
