/** mmu.flush_tlb_multi where the host takes the target's processor away: before the flush, amid it, amid an instruction. */

import * as info from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import * as pvi from "../../sdk/as/pvi";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";
import { canSteal, finish, giveWay, letOthersRun, me, steal } from "../lib/case";
import { atMost, same } from "../lib/expect";
import { onInterrupt, realTime } from "../lib/interrupts";
import { mask, post, see, waitFor } from "../lib/memory";
import { content, entry, leaf, mapAndTouch, page, touch } from "../lib/paging";
import { changeAndFlush, FLUSHED, flusherReady, targetReady, useWhileFlushed } from "./flush";

/** Shared word: the target is there. */
const READY: i32 = 1;

/** The host takes the processor from the target, and gives it back, at any moment of the flush. */
export function mmu_flush_multi_preempted(role: i32): void {
  if (role === 0) {
    const targets = flusherReady(35, 3);
    giveWay();
    changeAndFlush(C.mmu_flush_tlb_multi_3, 35, targets);
  } else {
    targetReady(35);
    useWhileFlushed(C.mmu_flush_tlb_multi_3, 35);
    waitFor(FLUSHED, 1);
    same(C.mmu_flush_tlb_multi_3, "content of the page after the flush returned", touch(35), content(1));
  }
}

/** Handler on the flusher's vCPU: meanwhile the target gets its processor back and goes on. */
function letTargetReturn(): void {
  test.advance(STOLEN_NS);
  letOthersRun();
}

/** The target has lost its processor; it returns at any moment of the flush, or after it. */
export function mmu_flush_multi_returning(role: i32): void {
  const clause = C.mmu_flush_tlb_multi_3;
  if (role === 0) {
    targetReady(77);
    test.quiet(1);
    waitFor(FLUSHED, 1);
    same(clause, "content of the page after the flush returned", touch(77), content(1));
  } else {
    const targets = flusherReady(77, 0);
    test.quiet(1);
    onInterrupt(letTargetReturn);
    pvi.mmu_set_pte(entry(77), leaf(1));
    // Who cannot leave the flush to the target waits for it, and then nothing lets the target return.
    if (pvi.init_features(0) & info.FEATURE_REMOTE_FLUSH) steal(0, STOLEN_NS);
    test.quiet(0);
    same(clause, "result of the flush", pvi.mmu_flush_tlb_multi(targets, page(77), page(78), 0), 0);
    test.quiet(1);
    post(FLUSHED, 1);
  }
}

/** A port at which nobody is: where there is a host, it completes the instruction. */
const PORT_NOBODY: i32 = 0x80;

/** The host may take the processor from the target amid the one instruction that it completes for it. */
export function mmu_flush_multi_inside(role: i32): void {
  const clause = C.mmu_flush_tlb_multi_13;
  if (role === 0) {
    const targets = flusherReady(76, 2);
    giveWay();
    // The target has gone first; where it is stopped is what matters.
    test.quiet(1);
    const before = test.state(2, test.STATE_INSIDE);
    same(clause, "result of the flush", pvi.mmu_flush_tlb_multi(targets, page(76), page(77), 0), 0);
    const after = test.state(2, test.STATE_INSIDE);
    same(clause, "whether the target is inside the same instruction as before", before & after, 0);
    finish();
  } else {
    targetReady(76);
    machine.in_port(PORT_NOBODY, 1);
    finish();
  }
}

/** ns for which the target has no processor. */
const STOLEN_NS: i64 = 20_000;

/** Where nothing can be taken away, or nobody knows of it, there is nothing to spare. */
export function mmu_flush_multi_spared(role: i32): void {
  if (role === 1) {
    post(READY, 1);
    while (see(FLUSHED) === 0) machine.pause();
    return;
  }
  const targets = mask(1 << 3);
  const features = pvi.init_features(0);
  mapAndTouch(1, 0);
  waitFor(READY, 1);
  steal(3, STOLEN_NS);
  const before = realTime();
  same(C.mmu_flush_tlb_multi_14, "result of the flush", pvi.mmu_flush_tlb_multi(targets, page(1), page(2), 0), 0);
  pvi.mmu_set_pte(entry(1), leaf(1));
  const withSelf = mask((1 << 3) | (1 << me()));
  same(C.mmu_flush_tlb_multi_14, "result with the caller", pvi.mmu_flush_tlb_multi(withSelf, page(1), page(2), 0), 0);
  if (canSteal() && features & info.FEATURE_REMOTE_FLUSH)
    atMost(C.mmu_flush_tlb_multi_14, "ns until both flushes returned", realTime() - before, STOLEN_NS / 2);
  same(C.mmu_flush_tlb_multi_4, "content of the caller's page, beside one that is not waited for", touch(1), content(1));
  post(FLUSHED, 1);
}
