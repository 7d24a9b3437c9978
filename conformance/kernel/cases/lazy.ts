/** mmu.lazy_*: whatever a backend defers, nobody may be able to tell once the bracket, a flush or a handler says so. */

import * as machine from "../../sdk/as/machine";
import * as pvi from "../../sdk/as/pvi";
import * as C from "../generated/clauses";
import { me } from "../lib/case";
import { same } from "../lib/expect";
import { FIRST_VECTOR, onInterrupt, raise, taken } from "../lib/interrupts";
import { mask } from "../lib/memory";
import { bootRoot, content, entry, leaf, page, secondEntry, secondRoot, touch } from "../lib/paging";

/** Page of the region that the handler maps, and its content there. */
const HANDLER_PAGE: i32 = 60;
let seenByHandler: i64 = 0;

function mapInHandler(): void {
  pvi.mmu_set_pte(entry(HANDLER_PAGE), leaf(3));
  seenByHandler = touch(HANDLER_PAGE);
}

export function mmu_lazy_in_handler(): void {
  pvi.mmu_set_pte(entry(HANDLER_PAGE), 0);
  onInterrupt(mapInHandler);
  pvi.mmu_lazy_enter();
  raise(me(), FIRST_VECTOR);
  machine.lfence();
  pvi.mmu_lazy_leave();
  same(C.mmu_lazy_enter_1, "interrupts taken in the bracket", taken(FIRST_VECTOR), 1);
  same(C.mmu_lazy_enter_1, "content of the page that the handler mapped, in the handler", seenByHandler, content(3));
}

/** Changes an entry inside a bracket. */
function change(i: i32, n: i32): void {
  pvi.mmu_set_pte(entry(i), leaf(0));
  pvi.mmu_lazy_enter();
  pvi.mmu_set_pte(entry(i), leaf(n));
}

export function mmu_lazy_flush_points(): void {
  change(61, 1);
  pvi.mmu_flush_tlb_one(page(61));
  same(C.mmu_lazy_enter_2, "the entry after flushing its page", machine.load64(entry(61)), leaf(1));
  pvi.mmu_lazy_leave();
  change(62, 2);
  pvi.mmu_flush_tlb_user();
  same(C.mmu_lazy_enter_2, "the entry after the user flush", machine.load64(entry(62)), leaf(2));
  pvi.mmu_lazy_leave();
  change(63, 3);
  pvi.mmu_flush_tlb_kernel();
  same(C.mmu_lazy_enter_2, "the entry after the kernel flush", machine.load64(entry(63)), leaf(3));
  pvi.mmu_lazy_leave();
  change(64, 4);
  pvi.mmu_flush_tlb_multi(mask(1), page(64), page(65), 0);
  same(C.mmu_lazy_enter_2, "the entry after the remote flush", machine.load64(entry(64)), leaf(4));
  pvi.mmu_lazy_leave();
  pvi.mmu_set_pte(secondEntry(65), 0);
  pvi.mmu_lazy_enter();
  pvi.mmu_set_pte(secondEntry(65), leaf(5));
  pvi.mmu_write_cr3(secondRoot());
  same(C.mmu_lazy_enter_2, "the entry in the new root's tree", machine.load64(secondEntry(65)), leaf(5));
  pvi.mmu_lazy_leave();
  pvi.mmu_write_cr3(bootRoot());
}

export function mmu_lazy_entered_twice(): void {
  pvi.mmu_set_pte(entry(66), 0);
  pvi.mmu_lazy_enter();
  pvi.mmu_lazy_enter();
  pvi.mmu_lazy_leave();
  pvi.mmu_set_pte(entry(66), leaf(1));
  same(C.mmu_lazy_enter_3, "content of a page mapped after the one leave", touch(66), content(1));
}

/** The same entry twice, and others between: the last value counts. */
export function mmu_lazy_leave_applies(): void {
  for (let i = 0; i < 3; i++) pvi.mmu_set_pte(entry(67 + i), 0);
  pvi.mmu_lazy_enter();
  pvi.mmu_set_pte(entry(67), leaf(1));
  pvi.mmu_set_pte(entry(68), leaf(2));
  pvi.mmu_set_pte(entry(67), leaf(3));
  pvi.mmu_set_pte(entry(69), leaf(4));
  pvi.mmu_lazy_leave();
  same(C.mmu_lazy_leave_1, "the entry that was set twice", machine.load64(entry(67)), leaf(3));
  same(C.mmu_lazy_leave_1, "content of the page that was set twice", touch(67), content(3));
  same(C.mmu_lazy_leave_1, "content of the second page", touch(68), content(2));
  same(C.mmu_lazy_leave_1, "content of the last page", touch(69), content(4));
}

export function mmu_lazy_left_twice(): void {
  pvi.mmu_set_pte(entry(70), 0);
  pvi.mmu_lazy_leave();
  pvi.mmu_set_pte(entry(70), leaf(1));
  same(C.mmu_lazy_leave_2, "content of a page mapped after leaving nothing", touch(70), content(1));
}

export function mmu_lazy_flush_applies(): void {
  pvi.mmu_set_pte(entry(71), 0);
  pvi.mmu_lazy_enter();
  pvi.mmu_set_pte(entry(71), leaf(2));
  pvi.mmu_lazy_flush();
  same(C.mmu_lazy_flush_1, "content of the page after flushing the bracket", touch(71), content(2));
  pvi.mmu_lazy_leave();
}
