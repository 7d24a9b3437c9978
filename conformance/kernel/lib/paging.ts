/**
 * A region of virtual memory for the MMU cases: page tables in free guest frames, written through the direct map.
 *
 *   root (CR3) [402] → directory pointer [0] → directory [0] → table  (frames 1, 2, 3; frame 4 is a second table)
 *   second root [402] → the like in frames 6, 7, 8; all its other entries equal the first root's (frame 5)
 */

import * as machine from "../../sdk/as/machine";
import * as pvi from "../../sdk/as/pvi";
import {
  DATA_FRAMES,
  direct,
  FRAME_DATA,
  FRAME_REGION,
  FRAME_SECOND,
  frame,
  PAGE_SIZE,
  WORD_ROOT,
  word,
} from "./memory";

const REGION: i64 = 0xffffc90000000000;
const ROOT_SLOT: i64 = 402;

const PRESENT: i64 = 1;
const WRITABLE: i64 = 2;
export const USER: i64 = 4;
const ACCESSED: i64 = 0x20;
const DIRTY: i64 = 0x40;
export const GLOBAL: i64 = 0x100;
const TABLE: i64 = PRESENT | WRITABLE | ACCESSED;
const ROOT_ADDRESS: i64 = 0x000ffffffffff000;

/** Address of page i of the region. */
export function page(i: i32): i64 {
  return REGION + i * PAGE_SIZE;
}

/** Address of the entry of page i in the table that the boot root uses. */
export function entry(i: i32): i64 {
  return direct(frame(FRAME_REGION + 2)) + i * 8;
}

/** The same in the spare table, which `useSpareTable` puts in its place. */
export function spareEntry(i: i32): i64 {
  return direct(frame(FRAME_REGION + 3)) + i * 8;
}

/** The same in the table of the second root. */
export function secondEntry(i: i32): i64 {
  return direct(frame(FRAME_SECOND + 3)) + i * 8;
}

/** A leaf that maps data frame n; A and D are set already, so that walks write nothing. */
export function leaf(n: i32, flags: i64 = 0): i64 {
  return frame(FRAME_DATA + n) | PRESENT | WRITABLE | ACCESSED | DIRTY | flags;
}

/** What the first word of data frame n holds. */
export function content(n: i32): i64 {
  return 0xda7a000 + n;
}

/** Maps page i to data frame n and loads through it, so that this vCPU's TLB holds the translation. */
export function mapAndTouch(i: i32, n: i32, flags: i64 = 0): void {
  pvi.mmu_set_pte(entry(i), leaf(n, flags));
  machine.load64(page(i));
}

/** Maps page i to data frame n by a plain store, and drops what the processor remembers of the page. */
export function place(i: i32, n: i32, flags: i64 = 0): void {
  put(i, leaf(n, flags));
}

/** The same with any entry. */
export function put(i: i32, value: i64): void {
  machine.store64(entry(i), value);
  machine.invlpg(page(i));
}

/** Loads the first word of page i. */
export function touch(i: i32): i64 {
  return machine.load64(page(i));
}

/** Lets user mode pass the tables above the region's leaves. */
export function openToUser(): void {
  const slot = direct(bootRoot()) + ROOT_SLOT * 8;
  machine.store64(slot, machine.load64(slot) | USER);
  for (let level = 0; level < 2; level++) {
    const at = direct(frame(FRAME_REGION + level));
    machine.store64(at, machine.load64(at) | USER);
  }
  machine.invlpg(REGION);
}

/** Points the directory at the spare table; nothing is flushed. */
export function useSpareTable(): void {
  pvi.mmu_set_pte(direct(frame(FRAME_REGION + 1)), frame(FRAME_REGION + 3) | TABLE);
}

/** Guest-physical address of the root that every vCPU boots with. */
export function bootRoot(): i64 {
  return machine.load64(word(WORD_ROOT));
}

/** Guest-physical address of the second root. */
export function secondRoot(): i64 {
  return frame(FRAME_SECOND);
}

/** Boot vCPU, once: builds both trees and marks the data frames. */
export function buildRegion(): void {
  const root = machine.read_cr(3) & ROOT_ADDRESS;
  for (let n = 0; n < DATA_FRAMES; n++) machine.store64(direct(frame(FRAME_DATA + n)), content(n));
  linkTables(FRAME_REGION);
  linkTables(FRAME_SECOND + 1);
  for (let slot: i64 = 0; slot < 512; slot++) {
    const value = machine.load64(direct(root) + slot * 8);
    if (value !== 0) machine.store64(direct(secondRoot()) + slot * 8, value);
  }
  machine.store64(word(WORD_ROOT), root);
  machine.store64(direct(root) + ROOT_SLOT * 8, frame(FRAME_REGION) | TABLE);
  machine.store64(direct(secondRoot()) + ROOT_SLOT * 8, frame(FRAME_SECOND + 1) | TABLE);
  machine.mfence();
}

function linkTables(first: i32): void {
  machine.store64(direct(frame(first)), frame(first + 1) | TABLE);
  machine.store64(direct(frame(first + 1)), frame(first + 2) | TABLE);
}
