// Host half of kind E that starts APs in three ways: by SIPI exits, by ICR exits, and by HvCallStartVirtualProcessor (TLFS, 0x0099), whose
// input it reads through a second level of its own.
//
//   input (240 bytes): | partition u64 | vp u32 | vtl u8 | 0 u8×3 | rip rsp rflags u64 | cs ds es fs gs ss tr ldtr | idtr gdtr |
//                      | efer cr0 cr3 cr4 pat u64 |     segment: | base u64 | limit u32 | selector u16 | attributes u16 |
import { done, loadStart, machineAddress } from "../host-common";
import { copyIn, get, guestFrame, irq, param, set, stop, tlb, vcpuOff, vcpuOn } from "../host-imports";
import { behind, mapPage, secondLevelRoot } from "./second-level";

const SLAT_ROOT: i32 = 0x51;
const CTL_EXIT: i32 = 0x53;
const ICRX: i64 = 32;
const EXIT_A: i32 = 0x71;
const APIC_ID: i32 = 0x80;
const RUNSTATE: i32 = 0x90;
const RDX: i32 = 2;
const OFF: i32 = 3;
const STATE_OFF: i64 = 0;
const SELF: i64 = -1;
const INPUT_BYTES: i32 = 240;
const input: usize = memory.data(240, 8);

// HV_STATUS.
const INVALID_ALIGNMENT: i64 = 4;
const INVALID_PARTITION_ID: i64 = 0xd;
const INVALID_VP_INDEX: i64 = 0xe;
const INVALID_VP_STATE: i64 = 0x15;

/** Of a vCPU in guest mode no field can be read. */
const apicIds: StaticArray<i64> = [0, 0, 0, 0, 0, 0, 0, 0];
/** Field that the last BAD_ENTRY exit named. */
let badField: i64 = 0;

export function abi(): i64 {
  return 0x0001000000010000;
}

export function boot(): i32 {
  for (let pfn = 0; pfn < (param(1) as i32); pfn++) mapPage((pfn as i64) << 12, guestFrame(pfn) << 12);
  for (let v = 0; v < (param(0) as i32); v++) {
    apicIds[v] = get(v, APIC_ID);
    set(v, SLAT_ROOT, secondLevelRoot());
  }
  return 0;
}

export function exit(vcpu: i32, reason: i32): i32 {
  if (reason == 1) return hypercall(vcpu, get(vcpu, 0) as i32, get(vcpu, 7), get(vcpu, 6));
  if (reason == 13) return sendByIcr(vcpu, get(vcpu, EXIT_A));
  if (reason == 14) {
    loadStart(vcpu, behind(get(vcpu, EXIT_A) << 12));
    return 0;
  }
  if (reason == 11) {
    badField = get(vcpu, EXIT_A);
    return OFF;
  }
  return done(vcpu, 0);
}

function hypercall(vcpu: i32, nr: i32, a: i64, b: i64): i32 {
  switch (nr) {
    case 0x99: return done(vcpu, startVp(get(vcpu, RDX), a != 0));
    case 20:
      mapPage(b, mapPage(a, behind(b)));
      for (let v = 0; v < (param(0) as i32); v++) {
        if (v != vcpu) stop(v);
        tlb(v, 5, 0, 0);
      }
      break;
    case 21: return done(vcpu, badField);
    case 22:
      stop(a as i32);
      vcpuOff(a as i32);
      break;
    case 23: set(vcpu, CTL_EXIT, ICRX);
  }
  return done(vcpu, 0);
}

/** INIT and SIPI of an ICR write that left guest mode; fixed interrupts are posted. */
function sendByIcr(self: i32, icr: i64): i32 {
  for (let v = 0; v < (param(0) as i32); v++) {
    if (apicIds[v] != icr >> 32) continue;
    const mode = (icr >> 8) as i32 & 7;
    if (mode == 0) irq(v, icr as i32 & 255);
    if (mode == 5) {
      stop(v);
      vcpuOff(v);
    }
    if (mode != 6 || get(v, RUNSTATE) != STATE_OFF) continue;
    loadStart(v, behind((icr & 255) << 12));
    tlb(v, 0, 0, 0);
    vcpuOn(v);
  }
  return done(self, 0);
}

/** HvCallStartVirtualProcessor. `linear`: as if there were no second level, which is wrong. */
function startVp(gpa: i64, linear: bool): i64 {
  if (gpa & 7 || (gpa & 0xfff) + INPUT_BYTES > 4096) return INVALID_ALIGNMENT;
  copyIn(input as i32, linear ? machineAddress(gpa) : behind(gpa), INPUT_BYTES);
  if (load<i64>(input) != SELF) return INVALID_PARTITION_ID;
  const vp = load<i32>(input, 8);
  if (<u32>vp >= <u32>(param(0) as i32)) return INVALID_VP_INDEX;
  if (get(vp, RUNSTATE) != STATE_OFF) return INVALID_VP_STATE;
  setContext(vp);
  tlb(vp, 0, 0, 0);
  vcpuOn(vp);
  return 0;
}

/** What is not architectural in it the entry checks refuse. */
function setContext(vp: i32): void {
  set(vp, 0x20, load<i64>(input, 16));
  set(vp, 0x21, load<i64>(input, 24));
  set(vp, 0x22, load<i64>(input, 32));
  set(vp, 0x24, load<u16>(input, 40 + 12));
  set(vp, 0x26, load<i64>(input, 88));
  set(vp, 0x27, load<i64>(input, 104));
  set(vp, 0x25, load<u16>(input, 120 + 12));
  set(vp, 0x47, load<i64>(input, 136));
  set(vp, 0x49, load<u32>(input, 136 + 8));
  set(vp, 0x45, load<u16>(input, 136 + 12));
  set(vp, 0x43, load<u16>(input, 168 + 6));
  set(vp, 0x42, load<i64>(input, 168 + 8));
  set(vp, 0x41, load<u16>(input, 184 + 6));
  set(vp, 0x40, load<i64>(input, 184 + 8));
  set(vp, 0x35, load<i64>(input, 200));
  set(vp, 0x30, load<i64>(input, 208));
  set(vp, 0x32, load<i64>(input, 216));
  set(vp, 0x33, load<i64>(input, 224));
  set(vp, 0x3f, load<i64>(input, 232));
}
