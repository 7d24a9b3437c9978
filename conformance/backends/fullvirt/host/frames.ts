// Guest-physical to machine addresses: the guest has its own frames and nothing else.
import * as host from "../../../sdk/as/host";

export const PAGE_BYTES: i64 = 4096;
/** Machine address of a page at which nothing answers: reads give all ones, writes are lost, as on a bare bus. */
export const NOWHERE: i64 = 0xff_ffff_f000;

let pages: i64 = 0;

export function framesInit(): void {
  pages = host.param(host.PARAM_GUEST_PAGES);
}

/** Whether a guest frame number names memory of the guest. */
@inline
export function isMemory(gfn: i64): bool {
  return <u64>gfn < <u64>pages;
}

/** Machine address of a guest frame; NOWHERE beyond the guest's memory. */
export function machineOf(gfn: i64): i64 {
  return isMemory(gfn) ? host.guest_frame(<i32>gfn) << 12 : NOWHERE;
}

/** Loads 8 bytes at a guest-physical address; all ones where there is no memory. */
export function loadGuest(gpa: i64): i64 {
  return isMemory(gpa >> 12) ? host.load64(machineOf(gpa >> 12) | (gpa & 0xff8)) : -1;
}
