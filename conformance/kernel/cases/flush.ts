/** mmu.flush_tlb_multi: the remote flush, with its targets in every state they can be in. */

import * as info from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import * as pvi from "../../sdk/as/pvi";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";
import { begin, finish, me, meet } from "../lib/case";
import { same } from "../lib/expect";
import { FIRST_VECTOR, faults, onInterrupt, raise, taken } from "../lib/interrupts";
import { mask, PAGE_SIZE, post, see, waitFor } from "../lib/memory";
import { bootRoot, content, entry, GLOBAL, leaf, mapAndTouch, page, secondEntry, secondRoot, spareEntry, touch, useSpareTable } from "../lib/paging";

const FREED_TABLES: i32 = 1;
/** As end of a range: all of memory. */
const EVERYTHING: i64 = -1;
/** First address above the lower half of the address space. */
const LOW_HALF_END: i64 = 0x0000800000000000;
/** Shared word: 1 once the flush has returned. */
export const FLUSHED: i32 = 0;

/** Maps page i to data frame 0, lets vCPU `target` cache it, and meets it at the start of the searched part. */
export function flusherReady(i: i32, target: i32): i64 {
  const targets = mask(1 << target);
  touchShared();
  pvi.mmu_set_pte(entry(i), leaf(0));
  test.barrier(3);
  begin();
  return targets;
}

export function targetReady(i: i32): void {
  test.barrier(3);
  touchShared();
  touch(i);
  begin();
}

function touchShared(): void {
  see(FLUSHED);
}

/** Page i goes from data frame 0 to 1; whoever sees FLUSHED must see frame 1. */
export function changeAndFlush(clause: i32, i: i32, targets: i64): void {
  pvi.mmu_set_pte(entry(i), leaf(1));
  same(clause, "result of the flush", pvi.mmu_flush_tlb_multi(targets, page(i), page(i + 1), 0), 0);
  post(FLUSHED, 1);
}

export function useWhileFlushed(clause: i32, i: i32): void {
  const flushed = see(FLUSHED);
  const value = touch(i);
  if (flushed !== 0) same(clause, "content of the page after the flush returned", value, content(1));
}

export function mmu_flush_multi_running(role: i32): void {
  if (role === 0) {
    changeAndFlush(C.mmu_flush_tlb_multi_1, 32, flusherReady(32, 1));
    finish();
  } else {
    targetReady(32);
    useWhileFlushed(C.mmu_flush_tlb_multi_1, 32);
    finish();
    same(C.mmu_flush_tlb_multi_1, "content of the page after the flush returned", touch(32), content(1));
  }
}

function useInHandler(): void {
  begin();
  useWhileFlushed(C.mmu_flush_tlb_multi_1, 33);
  useWhileFlushed(C.mmu_flush_tlb_multi_1, 33);
}

/** The target is in an interrupt handler with interrupts disabled when the flush begins. */
export function mmu_flush_multi_in_handler(role: i32): void {
  if (role === 0) {
    changeAndFlush(C.mmu_flush_tlb_multi_1, 33, flusherReady(33, 0));
    finish();
  } else {
    test.barrier(3);
    touchShared();
    touch(33);
    onInterrupt(useInHandler);
    raise(me(), FIRST_VECTOR);
    machine.lfence();
    finish();
    same(C.mmu_flush_tlb_multi_1, "content of the page after the flush returned", touch(33), content(1));
  }
}

export function mmu_flush_multi_sleeping(role: i32): void {
  const vector = FIRST_VECTOR + 1;
  if (role === 0) {
    const targets = flusherReady(34, 2);
    while (test.state(2, test.STATE_IF) === 0 || test.state(2, test.STATE_HALTED) === 0) machine.pause();
    changeAndFlush(C.mmu_flush_tlb_multi_2, 34, targets);
    raise(2, vector);
  } else {
    targetReady(34);
    while (taken(vector) === 0) {
      pvi.irq_disable();
      pvi.irq_safe_halt();
      const flushed = see(FLUSHED);
      if (flushed !== 0)
        same(C.mmu_flush_tlb_multi_2, "content of the page when woken after the flush", touch(34), content(1));
    }
    same(C.mmu_flush_tlb_multi_2, "content of the page when woken after the flush", touch(34), content(1));
  }
}

/** A target that batches its own changes answers as any other. */
export function mmu_flush_multi_in_bracket(role: i32): void {
  const clause = C.mmu_flush_tlb_multi_1;
  if (role === 0) {
    pvi.mmu_set_pte(entry(78), leaf(0));
    meet(1);
    meet(2);
    changeAndFlush(clause, 78, mask(4));
  } else {
    meet(1);
    touch(78);
    pvi.mmu_lazy_enter();
    meet(2);
    waitFor(FLUSHED, 1);
    same(clause, "content of the page after the flush returned", touch(78), content(1));
    pvi.mmu_lazy_leave();
  }
}

/** The other vCPU takes no interrupts all the while: flushing oneself must not need it. */
export function mmu_flush_multi_self(role: i32): void {
  if (role === 1) pvi.irq_disable();
  test.barrier(1);
  if (role === 0) {
    mapAndTouch(36, 0);
    pvi.mmu_set_pte(entry(36), leaf(1));
    same(
      C.mmu_flush_tlb_multi_4,
      "result of flushing oneself",
      pvi.mmu_flush_tlb_multi(mask(1), page(36), page(37), 0),
      0,
    );
    same(C.mmu_flush_tlb_multi_4, "content of the page after flushing oneself", touch(36), content(1));
  }
  finish();
}

/** An empty mask and a mask of vCPUs that do not exist; vCPU 1 could not even answer. */
export function mmu_flush_multi_nobody(role: i32): void {
  if (role === 1) pvi.irq_disable();
  test.barrier(1);
  if (role === 0) {
    same(
      C.mmu_flush_tlb_multi_5,
      "result with an empty mask",
      pvi.mmu_flush_tlb_multi(mask(0), page(38), page(39), 0),
      0,
    );
    same(
      C.mmu_flush_tlb_multi_5,
      "result with a mask of absent vCPUs",
      pvi.mmu_flush_tlb_multi(mask(0x7f00, -1), page(38), page(39), 0),
      0,
    );
  }
  finish();
}

/** The target has cached the directory entry: page 41 is walked through the old table until the flush. */
export function mmu_flush_multi_freed_tables(role: i32): void {
  if (role === 0) {
    pvi.mmu_set_pte(entry(40), leaf(0));
    pvi.mmu_set_pte(entry(41), leaf(1));
    pvi.mmu_set_pte(spareEntry(41), leaf(2));
    const targets = mask(8);
    meet(1);
    meet(2);
    useSpareTable();
    same(
      C.mmu_flush_tlb_multi_6,
      "result of the flush",
      pvi.mmu_flush_tlb_multi(targets, page(40), page(42), FREED_TABLES),
      0,
    );
    meet(3);
  } else {
    meet(1);
    touch(40);
    meet(2);
    meet(3);
    same(C.mmu_flush_tlb_multi_6, "content of the page whose old table was freed", touch(41), content(2));
  }
}

/** Both flush the other at the same time; neither may wait for the other with its own door shut. */
export function mmu_flush_multi_crossed(role: i32): void {
  const other = 1 - role;
  const targets = mask(1 << (2 * other));
  if (role === 0) {
    pvi.mmu_set_pte(entry(42), leaf(0));
    pvi.mmu_set_pte(entry(43), leaf(0));
  }
  test.barrier(3);
  touch(42 + other);
  begin();
  pvi.mmu_set_pte(entry(42 + role), leaf(1));
  same(
    C.mmu_flush_tlb_multi_7,
    "result of the flush",
    pvi.mmu_flush_tlb_multi(targets, page(42 + role), page(43 + role), 0),
    0,
  );
  finish();
  same(C.mmu_flush_tlb_multi_7, "content of the page after both flushes returned", touch(42 + other), content(1));
}

export function mmu_flush_multi_undefined_flags(): void {
  mapAndTouch(44, 0);
  const cached = test.tlb(me(), page(44));
  same(
    C.mmu_flush_tlb_multi_8,
    "result with flag bit 1",
    pvi.mmu_flush_tlb_multi(mask(1), page(44), page(45), 2),
    info.E_INVAL,
  );
  same(
    C.mmu_flush_tlb_multi_8,
    "result with flag bit 30",
    pvi.mmu_flush_tlb_multi(mask(1), page(44), page(45), 0x40000000),
    info.E_INVAL,
  );
  same(C.mmu_flush_tlb_multi_8, "cached translation after a refused flush", test.tlb(me(), page(44)), cached);
}

/** Five pages from an odd address in the first to the first byte of the last; the target caches them all. */
export function mmu_flush_multi_range(role: i32): void {
  if (role === 0) {
    for (let i = 0; i < 5; i++) pvi.mmu_set_pte(entry(46 + i), leaf(i));
    // Of a range that was asked for before, and lies above, nothing may be left.
    pvi.mmu_flush_tlb_multi(mask(8), page(60), page(61), 0);
    meet(1);
    meet(2);
    for (let i = 0; i < 5; i++) pvi.mmu_set_pte(entry(46 + i), leaf(i + 2));
    const start = page(46) + PAGE_SIZE - 7;
    same(C.mmu_flush_tlb_multi_9, "result of the flush", pvi.mmu_flush_tlb_multi(mask(8), start, page(50) + 1, 0), 0);
    meet(3);
  } else {
    meet(1);
    for (let i = 0; i < 5; i++) touch(46 + i);
    meet(2);
    meet(3);
    for (let i = 0; i < 5; i++)
      same(C.mmu_flush_tlb_multi_9, "content of a page of the range", touch(46 + i), content(i + 2));
  }
}

/** A global page far from `start`, and one that is not global. */
export function mmu_flush_multi_everything(role: i32): void {
  if (role === 0) {
    pvi.mmu_set_pte(entry(72), leaf(0, GLOBAL));
    pvi.mmu_set_pte(entry(73), leaf(1));
    meet(1);
    meet(2);
    pvi.mmu_set_pte(entry(72), leaf(2, GLOBAL));
    pvi.mmu_set_pte(entry(73), leaf(3));
    same(C.mmu_flush_tlb_multi_10, "result of the flush", pvi.mmu_flush_tlb_multi(mask(4), page(90), EVERYTHING, 0), 0);
    meet(3);
  } else {
    meet(1);
    touch(72);
    touch(73);
    meet(2);
    meet(3);
    same(C.mmu_flush_tlb_multi_10, "content of the global page", touch(72), content(2));
    same(C.mmu_flush_tlb_multi_10, "content of the other page", touch(73), content(3));
  }
}

export function mmu_flush_multi_odd_ranges(role: i32): void {
  const before = faults();
  if (role === 0) {
    same(
      C.mmu_flush_tlb_multi_11,
      "result with an empty range",
      pvi.mmu_flush_tlb_multi(mask(2), page(74), page(74), 0),
      0,
    );
    same(
      C.mmu_flush_tlb_multi_11,
      "result with a range across the hole",
      pvi.mmu_flush_tlb_multi(mask(3), LOW_HALF_END - PAGE_SIZE, LOW_HALF_END + PAGE_SIZE, 0),
      0,
    );
  }
  finish();
  same(C.mmu_flush_tlb_multi_11, "faults on this vCPU", faults(), before);
}

/** The page is global and in both trees, so that no root load drops it. */
export function mmu_flush_multi_switching(role: i32): void {
  const clause = C.mmu_flush_tlb_multi_12;
  if (role === 0) {
    const targets = mask(8);
    touchShared();
    pvi.mmu_set_pte(entry(75), leaf(0, GLOBAL));
    pvi.mmu_set_pte(secondEntry(75), leaf(0, GLOBAL));
    test.barrier(3);
    begin();
    pvi.mmu_set_pte(entry(75), leaf(1, GLOBAL));
    pvi.mmu_set_pte(secondEntry(75), leaf(1, GLOBAL));
    same(clause, "result of the flush", pvi.mmu_flush_tlb_multi(targets, page(75), page(76), 0), 0);
    finish();
  } else {
    targetReady(75);
    pvi.mmu_write_cr3(secondRoot());
    finish();
    same(clause, "content of the page under the other root after the flush returned", touch(75), content(1));
    pvi.mmu_write_cr3(bootRoot());
  }
}
