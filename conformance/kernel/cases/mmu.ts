/** mmu.*: root, entries and the local flushes. Each case has pages of its own in the test region. */

import * as machine from "../../sdk/as/machine";
import * as pvi from "../../sdk/as/pvi";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";
import { begin, finish, me } from "../lib/case";
import { holds, same } from "../lib/expect";
import { faults, interruptsOn } from "../lib/interrupts";
import {
  bootRoot,
  content,
  entry,
  GLOBAL,
  leaf,
  mapAndTouch,
  page,
  secondEntry,
  secondRoot,
  spareEntry,
  touch,
  useSpareTable,
} from "../lib/paging";

const ADDRESS: i64 = 0x000ffffffffff000;

export function mmu_read_cr3_reads_back(): void {
  same(C.mmu_read_cr3_1, "root at boot", pvi.mmu_read_cr3() & ADDRESS, bootRoot());
  pvi.mmu_write_cr3(secondRoot());
  same(C.mmu_read_cr3_1, "root after loading the second", pvi.mmu_read_cr3() & ADDRESS, secondRoot());
  pvi.mmu_write_cr3(bootRoot());
  same(C.mmu_read_cr3_1, "root after loading the first again", pvi.mmu_read_cr3() & ADDRESS, bootRoot());
}

export function mmu_cr3_own_vcpu(role: i32): void {
  if (role === 1) mapAndTouch(3, 3);
  test.barrier(1);
  if (role === 0) pvi.mmu_write_cr3(secondRoot());
  test.barrier(2);
  if (role === 1) {
    same(C.mmu_read_cr3_2, "root of the bystander", pvi.mmu_read_cr3() & ADDRESS, bootRoot());
    same(
      C.mmu_write_cr3_3,
      "root that the bystander's processor uses",
      test.state(me(), test.STATE_CR3) & ADDRESS,
      bootRoot(),
    );
    same(C.mmu_write_cr3_3, "content of the bystander's page", touch(3), content(3));
  }
}

export function mmu_write_cr3_new_root(): void {
  mapAndTouch(4, 0);
  pvi.mmu_set_pte(secondEntry(4), leaf(1));
  pvi.mmu_write_cr3(secondRoot());
  same(C.mmu_write_cr3_1, "content of the page under the new root", touch(4), content(1));
}

export function mmu_write_cr3_same_root(): void {
  mapAndTouch(5, 0);
  mapAndTouch(6, 1);
  pvi.mmu_set_pte(entry(5), leaf(2));
  pvi.mmu_set_pte(entry(6), leaf(3));
  pvi.mmu_write_cr3(bootRoot());
  same(C.mmu_write_cr3_2, "content of the first page after the load", touch(5), content(2));
  same(C.mmu_write_cr3_2, "content of the second page after the load", touch(6), content(3));
}

/** An entry that is not present may hold anything in its other 63 bits: swap entries do. */
export function mmu_set_pte_reads_back(): void {
  const swapped: i64 = ((<i64>0x7a5a5a5a) << 32) | 0xa5a5a5a4;
  pvi.mmu_set_pte(entry(8), leaf(1));
  pvi.mmu_set_pte(entry(10), leaf(2));
  pvi.mmu_set_pte(entry(9), leaf(3, GLOBAL));
  same(C.mmu_set_pte_1, "the entry", machine.load64(entry(9)), leaf(3, GLOBAL));
  pvi.mmu_set_pte(entry(9), swapped);
  same(C.mmu_set_pte_1, "the entry that is not present", machine.load64(entry(9)), swapped);
  same(C.mmu_set_pte_4, "the entry before it", machine.load64(entry(8)), leaf(1));
  same(C.mmu_set_pte_4, "the entry after it", machine.load64(entry(10)), leaf(2));
}

/** Old and new value differ in both halves; another vCPU reads the entry at any moment. */
export function mmu_set_pte_whole(role: i32): void {
  const old: i64 = 0x1111_00002220;
  const changed: i64 = 0x3333_00004440;
  if (role === 0) pvi.mmu_set_pte(entry(11), old);
  machine.load64(entry(11));
  begin();
  if (role === 0) {
    pvi.mmu_set_pte(entry(11), changed);
  } else {
    const seen = machine.load64(entry(11));
    holds(C.mmu_set_pte_2, "the entry is the old or the new one", seen === old || seen === changed);
  }
  finish();
}

export function mmu_set_pte_needs_no_flush(): void {
  pvi.mmu_set_pte(entry(12), 0);
  touch(12);
  pvi.mmu_set_pte(entry(12), leaf(4));
  same(C.mmu_set_pte_3, "content of the page", touch(12), content(4));
}

export function mmu_flush_one_page(): void {
  mapAndTouch(13, 0);
  mapAndTouch(14, 1);
  pvi.mmu_set_pte(entry(13), leaf(2));
  pvi.mmu_set_pte(entry(14), leaf(3));
  pvi.mmu_flush_tlb_one(page(13));
  same(C.mmu_flush_tlb_one_1, "content of the first page", touch(13), content(2));
  pvi.mmu_flush_tlb_one(page(14) + 0xff8);
  same(C.mmu_flush_tlb_one_3, "content of the page named by its last bytes", touch(14), content(3));
}

export function mmu_flush_one_global(): void {
  mapAndTouch(15, 0, GLOBAL);
  pvi.mmu_set_pte(entry(15), leaf(1, GLOBAL));
  pvi.mmu_flush_tlb_one(page(15));
  same(C.mmu_flush_tlb_one_2, "content of the global page", touch(15), content(1));
}

export function mmu_flush_one_non_canonical(): void {
  mapAndTouch(16, 5);
  const before = faults();
  pvi.mmu_flush_tlb_one(0x0000800000000000);
  pvi.mmu_flush_tlb_one(page(16) & 0x0000ffffffffffff);
  same(C.mmu_flush_tlb_one_4, "faults taken", faults(), before);
  same(C.mmu_flush_tlb_one_4, "content of the page at the canonical address", touch(16), content(5));
}

export function mmu_flush_user_all(): void {
  for (let i = 0; i < 3; i++) mapAndTouch(17 + i, i);
  for (let i = 0; i < 3; i++) pvi.mmu_set_pte(entry(17 + i), leaf(3 + i));
  pvi.mmu_flush_tlb_user();
  for (let i = 0; i < 3; i++) same(C.mmu_flush_tlb_user_1, "content of a page", touch(17 + i), content(3 + i));
}

/** The directory entry of the region is cached: page 21 is walked through the old table until the flush. */
export function mmu_flush_user_structures(): void {
  mapAndTouch(20, 0);
  pvi.mmu_set_pte(entry(21), leaf(1));
  pvi.mmu_set_pte(spareEntry(21), leaf(2));
  useSpareTable();
  pvi.mmu_flush_tlb_user();
  same(C.mmu_flush_tlb_user_2, "content of the page under the new table", touch(21), content(2));
}

export function mmu_flush_user_keeps_state(): void {
  pvi.mmu_write_cr3(secondRoot());
  pvi.mmu_flush_tlb_user();
  same(C.mmu_flush_tlb_user_3, "root after the flush", test.state(me(), test.STATE_CR3) & ADDRESS, secondRoot());
  holds(C.mmu_flush_tlb_user_3, "interrupts are still enabled", interruptsOn(me()));
  pvi.irq_disable();
  pvi.mmu_flush_tlb_user();
  holds(C.mmu_flush_tlb_user_3, "interrupts are still disabled", !interruptsOn(me()));
}

export function mmu_flush_kernel_all(): void {
  mapAndTouch(22, 0, GLOBAL);
  mapAndTouch(23, 1);
  pvi.mmu_set_pte(entry(22), leaf(2, GLOBAL));
  pvi.mmu_set_pte(entry(23), leaf(3));
  pvi.mmu_flush_tlb_kernel();
  same(C.mmu_flush_tlb_kernel_1, "content of the global page", touch(22), content(2));
  same(C.mmu_flush_tlb_kernel_1, "content of the other page", touch(23), content(3));
}

const CR4_PCIDE: i64 = 1 << 17;
const CR3_NO_FLUSH: i64 = i64.MIN_VALUE;
const IDENTIFIER: i64 = 1;

/** A translation that is kept under another process-context identifier than the present one. */
export function mmu_flush_kernel_identifiers(): void {
  const root = bootRoot();
  machine.write_cr(4, machine.read_cr(4) | CR4_PCIDE);
  machine.write_cr(3, root | IDENTIFIER);
  mapAndTouch(28, 0);
  machine.write_cr(3, root);
  pvi.mmu_set_pte(entry(28), leaf(2));
  pvi.mmu_flush_tlb_kernel();
  machine.write_cr(3, root | IDENTIFIER | CR3_NO_FLUSH);
  same(C.mmu_flush_tlb_kernel_1, "content of the page under the other identifier", touch(28), content(2));
  machine.write_cr(3, root);
  machine.write_cr(4, machine.read_cr(4) & ~CR4_PCIDE);
}

/** As for the user flush, with a global page: dropping leaves alone would not reach the cached directory entry. */
export function mmu_flush_kernel_structures(): void {
  mapAndTouch(24, 0, GLOBAL);
  pvi.mmu_set_pte(entry(25), leaf(1));
  pvi.mmu_set_pte(spareEntry(25), leaf(2));
  useSpareTable();
  pvi.mmu_flush_tlb_kernel();
  same(C.mmu_flush_tlb_kernel_2, "content of the page under the new table", touch(25), content(2));
}

export function mmu_flush_kernel_keeps_state(): void {
  const cr4 = machine.read_cr(4);
  pvi.mmu_write_cr3(secondRoot());
  const root = test.state(me(), test.STATE_CR3);
  pvi.mmu_flush_tlb_kernel();
  same(C.mmu_flush_tlb_kernel_3, "root after the flush", test.state(me(), test.STATE_CR3), root);
  same(C.mmu_flush_tlb_kernel_3, "CR4 after the flush", machine.read_cr(4), cr4);
  holds(C.mmu_flush_tlb_kernel_3, "interrupts are still enabled", interruptsOn(me()));
  pvi.irq_disable();
  pvi.mmu_flush_tlb_kernel();
  holds(C.mmu_flush_tlb_kernel_3, "interrupts are still disabled", !interruptsOn(me()));
}
