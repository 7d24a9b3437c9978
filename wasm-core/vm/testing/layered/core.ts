// The Microsoft-like layer of a two-layer host: the partition's address space, virtual processors that wait, flushes, timers of 100 ns.
import { assign, get, guestFrame, param, release, set, stop, timerSet, tlb, vcpuOn, wake } from "../host-imports";
import { behind, hostFrame, mapPage, READ_ONLY, secondLevelRoot } from "../start/second-level";

const SLAT_ROOT: i32 = 0x51;
const RUNSTATE: i32 = 0x90;
const STATE_OFF: i64 = 0;
const READY: i64 = 4;
const OWNER_GUEST: i32 = 1;
/** The partition's addresses begin here: no frame of the machine has the same number by chance. */
const FIRST_FRAME: i64 = 32;

// HV_STATUS.
export const SUCCESS: i32 = 0;
export const INVALID_VP_INDEX: i32 = 0xe;
export const INVALID_VP_STATE: i32 = 0x15;

const signalled: StaticArray<bool> = [false, false, false, false, false, false, false, false];
const flushDue: StaticArray<bool> = [false, false, false, false, false, false, false, false];
/** Page below the overlay; 0 = there is none. The overlay's own frame is kept. */
let covered: i64 = 0;
let overlayFrame: i64 = 0;

export function partitionCreate(): void {
  for (let pfn = 0; pfn < (param(1) as i32); pfn++) mapPage(gpaFrame(pfn) << 12, guestFrame(pfn) << 12);
  for (let v = 0; v < (param(0) as i32); v++) set(v, SLAT_ROOT, secondLevelRoot());
}

/** Frame of the partition's address space that has the guest's page `pfn`; and back, −1 = none has. */
export function gpaFrame(pfn: i32): i64 {
  return FIRST_FRAME + pfn;
}

export function pageOf(frame: i64): i64 {
  return frame >= FIRST_FRAME && frame < FIRST_FRAME + param(1) ? frame - FIRST_FRAME : -1;
}

/** Machine address behind an address of the partition. */
export function machineOf(gpa: i64): i64 {
  return behind(gpa);
}

/** A page that holds a table may only be read, whatever maps it. */
export function protect(frame: i64): void {
  mapPage(frame << 12, behind(frame << 12), READ_ONLY);
}

/** Lays a page of the hypervisor over one of the partition, or takes it away: what is below has kept its content. */
export function overlay(self: i32, gpa: i64, on: bool): void {
  if (!overlayFrame) overlayFrame = hostFrame();
  assign(overlayFrame >> 12, OWNER_GUEST);
  if (on) covered = mapPage(gpa, overlayFrame);
  else mapPage(gpa, covered);
  flushVps(self, -1, true);
}

/** HvFlushVirtualAddressSpace for a set of VPs: who is descheduled flushes on its way to guest mode. `whole` = false: forgotten, which is wrong. */
export function flushVps(self: i32, mask: i64, whole: bool): void {
  for (let v = 0; v < (param(0) as i32); v++) {
    if (!((mask >> v) & 1)) continue;
    if (v != self && get(v, RUNSTATE) == READY) {
      flushDue[v] = whole;
      continue;
    }
    if (v != self) stop(v);
    tlb(v, 0, 0, 0);
    if (v != self) release(v);
  }
}

/** A VP's way to guest mode. */
export function vpEnters(v: i32): void {
  if (flushDue[v]) tlb(v, 0, 0, 0);
  flushDue[v] = false;
}

/** Whether the VP has to sleep: a signal that came before is taken instead. */
export function vpWaits(v: i32): bool {
  const sleeps = !signalled[v];
  signalled[v] = false;
  return sleeps;
}

export function vpSignal(v: i32): void {
  signalled[v] = !wake(v);
}

/** HvCallStartVirtualProcessor; the context has been set. */
export function vpStart(v: i32): i32 {
  if (<u32>v >= <u32>(param(0) as i32)) return INVALID_VP_INDEX;
  if (get(v, RUNSTATE) != STATE_OFF) return INVALID_VP_STATE;
  tlb(v, 0, 0, 0);
  vcpuOn(v);
  return SUCCESS;
}

/** A synthetic timer: real time in units of 100 ns. */
export function vpTimer(v: i32, units: i64): void {
  timerSet(v, 0, units * 100, 0, 0);
}
