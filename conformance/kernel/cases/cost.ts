/** Scenarios whose costs are counted (interface/costs.ts). Each is done once before it is counted, so that caches are warm. */

import * as info from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import * as pvi from "../../sdk/as/pvi";
import * as test from "../../sdk/as/test";
import { me } from "../lib/case";
import { delivered, FIRST_VECTOR, raiseLater, taken } from "../lib/interrupts";
import { mask, RMW_XCHG8, word } from "../lib/memory";
import { bootRoot, entry, leaf, page, secondEntry, secondRoot, touch } from "../lib/paging";

/** Counts on all vCPUs, not only on the calling one. */
const EVERYBODY: i32 = 0x100;
const ROUNDS: i32 = 2;
const DELAY_NS: i64 = 50_000;
/** Pauses after which a waiter is taken to be one that never sleeps, as on bare metal. */
const TURNS_MAX: i32 = 50;

function begin(round: i32, scope: i32): void {
  if (round === ROUNDS - 1) test.cost_begin(scope | EVERYBODY);
}

function end(round: i32, scope: i32): void {
  if (round === ROUNDS - 1) test.cost_end(scope | EVERYBODY);
}

export function cost_irq_toggle(): void {
  for (let round = 0; round < ROUNDS; round++) {
    begin(round, 0);
    pvi.irq_disable();
    pvi.irq_enable();
    end(round, 0);
  }
}

export function cost_context_switch(): void {
  pvi.mmu_set_pte(entry(60), leaf(0));
  pvi.mmu_set_pte(secondEntry(60), leaf(1));
  for (let round = 0; round < ROUNDS; round++) {
    touch(60);
    begin(round, 0);
    pvi.mmu_write_cr3(secondRoot());
    end(round, 0);
    begin(round, 1);
    touch(60);
    end(round, 1);
    pvi.mmu_write_cr3(bootRoot());
  }
}

export function cost_map_page(): void {
  for (let round = 0; round < ROUNDS; round++) {
    begin(round, 0);
    pvi.mmu_set_pte(entry(61), leaf(2));
    end(round, 0);
    begin(round, 1);
    touch(61);
    end(round, 1);
    begin(round, 2);
    pvi.mmu_set_pte(entry(61), 0);
    pvi.mmu_flush_tlb_one(page(61));
    end(round, 2);
  }
}

function flush(scope: i32, pages: i32, vcpus: i64): void {
  for (let round = 0; round < ROUNDS; round++) {
    begin(round, scope);
    pvi.mmu_flush_tlb_multi(mask(vcpus), page(64), page(64 + pages), 0);
    end(round, scope);
  }
}

/** The targets sleep: they are woken, flush and sleep again. */
export function cost_flush_remote(): void {
  flush(0, 1, 0b0010);
  flush(1, 8, 0b0010);
  flush(2, 1, 0b1110);
  flush(3, 8, 0b1110);
  flush(4, 32, 0b1110);
}

function sendTo(scope: i32, targets: i32): void {
  const vector = FIRST_VECTOR + 5;
  const everybody: i64 = ((1 << targets) - 1) << 1;
  for (let round = 0; round < ROUNDS; round++) {
    const before = handled(vector, targets);
    begin(round, scope);
    pvi.ipi_send_mask(mask(everybody), vector);
    while (handled(vector, targets) < before + targets) machine.pause();
    end(round, scope);
  }
}

function handled(vector: i32, targets: i32): i64 {
  let sum: i64 = 0;
  for (let vcpu = 1; vcpu <= targets; vcpu++) sum += delivered(vcpu, vector);
  return sum;
}

export function cost_ipi_fan_out(): void {
  sendTo(0, 1);
  sendTo(1, 2);
  sendTo(2, 3);
}

export function cost_clock_read(): void {
  for (let round = 0; round < ROUNDS; round++) {
    begin(round, 0);
    pvi.time_sched_clock();
    end(round, 0);
  }
}

export function cost_timer(): void {
  const vector = FIRST_VECTOR + 6;
  for (let round = 0; round < ROUNDS; round++) {
    const at = pvi.time_sched_clock() + DELAY_NS;
    begin(round, 0);
    pvi.time_alarm_set(at, 0, info.COUNTER_REAL, vector);
    end(round, 0);
    pvi.irq_disable();
    begin(round, 1);
    while (taken(vector) <= round) pvi.irq_safe_halt();
    end(round, 1);
  }
}

export function cost_idle(): void {
  const vector = FIRST_VECTOR + 7;
  for (let round = 0; round < ROUNDS; round++) {
    raiseLater(me(), vector, DELAY_NS);
    pvi.irq_disable();
    begin(round, 0);
    while (taken(vector) <= round) pvi.irq_safe_halt();
    end(round, 0);
  }
}

export function cost_contended_lock(role: i32): void {
  for (let round = 0; round < ROUNDS; round++) {
    if (role === 0) {
      machine.store8(word(0), 1);
      machine.load8(word(0));
      test.barrier(2 * round);
      begin(round, 0);
      while (machine.load8(word(0)) === 1) pvi.lock_wait(word(0), 1);
      test.barrier(2 * round + 1);
      end(round, 0);
    } else {
      machine.load8(word(0));
      test.barrier(2 * round);
      for (let turn = 0; turn < TURNS_MAX && test.state(0, test.STATE_HALTED) === 0; turn++) machine.pause();
      machine.rmw(RMW_XCHG8, word(0), 0);
      pvi.lock_kick(0);
      test.barrier(2 * round + 1);
    }
  }
}
