/** Where the kernel keeps things in the guest's memory: free frames, the direct map and words shared by all vCPUs. */
import * as machine from "../../sdk/as/machine";
import * as test from "../../sdk/as/test";

/** Start of the linear map of all guest frames. */
const DIRECT_MAP: i64 = 0xffff888000000000;
export const PAGE_SIZE: i64 = 4096;

/** Operation codes of machine.rmw. */
export const RMW_ADD64: i32 = machine.RMW_ADD | machine.SIZE_64 | machine.LOCK;
export const RMW_XCHG8: i32 = machine.RMW_XCHG | machine.SIZE_8 | machine.LOCK;

/** Use of the kernel's free frames, by number: one shared page, two trees of tables (paging.ts), pages to map. */
export const FRAME_SHARED: i32 = 0;
export const FRAME_REGION: i32 = 1;
export const FRAME_SECOND: i32 = 5;
export const FRAME_DATA: i32 = 9;
export const DATA_FRAMES: i32 = 8;

/** Shared words: 0–15 belong to the case, the rest to the kernel. */
export const WORD_STARTED: i32 = 16;
export const WORD_ROOT: i32 = 17;
export const WORD_MEETING: i32 = 18;

/** Guest-physical address of free frame i. */
export function frame(i: i32): i64 {
  return (test.param(test.TEST_PARAM_FREE_PFN) + i) * PAGE_SIZE;
}

/** Address of a guest-physical byte in the direct map. */
export function direct(gpa: i64): i64 {
  return DIRECT_MAP + gpa;
}

/** Address of shared word i (0–25); each has a cache line of its own. vCPUs share nothing but machine memory. */
export function word(i: i32): i64 {
  return direct(wordAddress(i));
}

/** Its guest-physical address. */
export function wordAddress(i: i32): i64 {
  return frame(FRAME_SHARED) + i * 64;
}

/** Address of the mask that starts at shared word 32: four 64-bit words in a row, one mask for each vCPU. */
function maskOf(vcpu: i32): i64 {
  return direct(frame(FRAME_SHARED)) + 2048 + vcpu * 32;
}

/** Publishes v in shared word i with a plain store. */
export function post(i: i32, v: i64): void {
  machine.store64(word(i), v);
}

/** Reads shared word i. */
export function see(i: i32): i64 {
  return machine.load64(word(i));
}

/** Waits until shared word i holds v, giving way to others. */
export function waitFor(i: i32, v: i64): void {
  while (see(i) !== v) machine.pause();
}

/** Writes the set of vCPU numbers in `bits` (vCPUs 0–63) and `high` (64–127) to this vCPU's mask; returns its address. */
export function mask(bits: i64, high: i64 = 0): i64 {
  const va = maskOf(machine.vcpu());
  machine.store64(va, bits);
  machine.store64(va + 8, high);
  machine.store64(va + 16, 0);
  machine.store64(va + 24, 0);
  return va;
}
