// A host half of kind E that flushes TLBs as the TLFS has it: HvFlushVirtualAddressSpace through a hypercall page, input by address.
//
//   input block: | address space u64 | flags u64 | mask of vCPUs u64 |     control word in RCX, its guest-physical address in RDX
import { done, startAp } from "./host-common";
import { frames, get, guestFrame, load64, owner, param, release, set, stop, store32, store64, tlb } from "./host-imports";

const SLAT_ROOT: i32 = 0x51;
const EXIT_A: i32 = 0x71;
const EXIT_B: i32 = 0x72;
const RUNSTATE: i32 = 0x90;
const READY: i64 = 4;
const ENTER: i32 = 0;
const FRAME: i64 = 0x000ffffffffff000;
/** Read, write, execute. */
const ALL: i64 = 7;
const HV_X64_MSR_HYPERCALL: i64 = 0x40000001;
/** vmcall, ret. */
const PAGE_CODE: i32 = <i32>0xc3c1010f;
const FLUSH_SPACE: i64 = 2;
const INVALID_HYPERCALL_CODE: i64 = 2;
const INVALID_ALIGNMENT: i64 = 4;
const INVALID_PARAMETER: i64 = 5;

let root: i64 = 0;
let nextFrame: i32 = 0;
/** Whether the answer of host.tlb for who was seen descheduled is ignored. */
let ignoresBusy: bool = false;

export function abi(): i64 {
  return 0x0001000000010000;
}

/** Builds the second level: guest frame i at guest-physical address 4096·i. */
export function boot(): i32 {
  root = fresh();
  for (let pfn: i64 = 0; pfn < param(1); pfn++) store64(entryOf(pfn << 12, true), (guestFrame(pfn as i32) << 12) | ALL);
  for (let v = 0; v < (param(0) as i32); v++) set(v, SLAT_ROOT, root);
  return 0;
}

/** The next frame of the host half's own. */
function fresh(): i64 {
  while (nextFrame < frames() && owner(nextFrame) != 0) nextFrame++;
  return (nextFrame++ as i64) << 12;
}

/** Machine address of the second level's last entry for a guest-physical address; 0 = a table is missing. */
function entryOf(gpa: i64, make: bool): i64 {
  let table = root;
  for (let level = 4; level > 1; level--) {
    const at = table + (((gpa >> (3 + 9 * level)) & 511) << 3);
    if (!load64(at)) {
      if (!make) return 0;
      store64(at, fresh() | ALL);
    }
    table = load64(at) & FRAME;
  }
  return table + (((gpa >> 12) & 511) << 3);
}

/** Machine address of a guest-physical address, by a walk; −1 = not mapped. */
function walk(gpa: i64): i64 {
  const at = gpa >> 48 ? 0 : entryOf(gpa, false);
  const entry = at ? load64(at) : 0;
  return entry & 1 ? (entry & FRAME) | (gpa & 0xfff) : -1;
}

export function exit(vcpu: i32, reason: i32): i32 {
  if (reason == 14) return startAp(vcpu);
  if (reason == 3) return msr(vcpu);
  if (reason != 1) return ENTER;
  const input = get(vcpu, 1);
  if (input == 0x8000) {
    ignoresBusy = true;
    return done(vcpu, 0);
  }
  return done(vcpu, input == FLUSH_SPACE ? flush(vcpu, get(vcpu, 2)) : INVALID_HYPERCALL_CODE);
}

/** The hypercall page is written where the guest wants it; other MSRs are accepted without effect. */
function msr(vcpu: i32): i32 {
  if (get(vcpu, EXIT_A) == HV_X64_MSR_HYPERCALL) store32(walk(get(vcpu, EXIT_B) & FRAME), PAGE_CODE);
  return done(vcpu, 0);
}

/** Each word of the block is loaded once. */
function flush(self: i32, gpa: i64): i64 {
  if (gpa & 7) return INVALID_ALIGNMENT;
  const block = walk(gpa);
  if (block < 0) return INVALID_PARAMETER;
  const space = load64(block);
  const flags = load64(block + 8);
  const mask = load64(block + 16);
  if (flags & ~7 || (space & 0xfff) != 0) return INVALID_PARAMETER;
  for (let v = 0; v < (param(0) as i32); v++) if ((mask >> v) & 1) flushOne(self, v);
  return 0;
}

/** Who is descheduled needs no stop. Where enter is not exported it may be in guest mode before host.tlb. */
function flushOne(self: i32, v: i32): void {
  if (v != self && get(v, RUNSTATE) == READY && (tlb(v, 0, 0, 0) == 0 || ignoresBusy)) return;
  if (v != self) stop(v);
  tlb(v, 0, 0, 0);
  if (v != self) release(v);
}
