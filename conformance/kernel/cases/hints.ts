/** lock.*: what is known of other vCPUs, and offers to them. */

import * as info from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import * as pvi from "../../sdk/as/pvi";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";
import { prepare } from "../lib/boot";
import { canSteal, letOthersRun, me, steal, vcpus } from "../lib/case";
import { holds, same } from "../lib/expect";
import { allDelivered, interruptsOn } from "../lib/interrupts";
import { post, see, waitFor } from "../lib/memory";
import { startAt, takeDown } from "../lib/smp";

const DATA: i32 = 0;
const WOKEN: i32 = 1;
const FEATURES: i32 = 0;

export function lock_preempted_self(role: i32): void {
  if (role === 0) {
    test.barrier(1);
    steal(1, 20_000);
    test.barrier(2);
  } else {
    same(C.lock_vcpu_is_preempted_1, "whether the caller is preempted", pvi.lock_vcpu_is_preempted(me()), 0);
    test.barrier(1);
    machine.pause();
    same(C.lock_vcpu_is_preempted_1, "whether the caller is preempted, later", pvi.lock_vcpu_is_preempted(me()), 0);
    test.barrier(2);
  }
}

/** vCPU 1 counts; the host takes its processor away for a while. */
export function lock_preempted_while_descheduled(role: i32): void {
  if (role === 0) {
    waitFor(DATA, 1);
    steal(1, 20_000);
    if (canSteal() && pvi.init_features(FEATURES) & info.FEATURE_PREEMPTED)
      same(C.lock_vcpu_is_preempted_3, "whether vCPU 1 is preempted", pvi.lock_vcpu_is_preempted(1), 1);
    else test.expect(C.lock_vcpu_is_preempted_3, 1);
    post(WOKEN, 1);
  } else {
    post(DATA, 1);
    while (see(WOKEN) === 0) machine.pause();
  }
}

export function lock_preempted_over(role: i32): void {
  if (role === 0) {
    waitFor(DATA, 1);
    steal(2, 20_000);
    pvi.lock_vcpu_is_preempted(2);
    post(WOKEN, 1);
    waitFor(DATA, 2);
    same(C.lock_vcpu_is_preempted_2, "whether vCPU 2, which has run, is preempted", pvi.lock_vcpu_is_preempted(2), 0);
  } else {
    post(DATA, 1);
    while (see(WOKEN) === 0) machine.pause();
    post(DATA, 2);
  }
}

function rest(_rsp: i64): void {
  prepare();
  post(DATA, 2);
  pvi.irq_enable();
}

/** vCPU 3 is taken down while the host has its processor. */
export function lock_preempted_nobody(role: i32): void {
  if (role === 1) {
    post(DATA, 1);
    while (true) machine.pause();
  }
  const absent = memory.data<i32>([8, 255, 0x7fffffff, -1]);
  same(C.lock_vcpu_is_preempted_4, "whether the next index is preempted", pvi.lock_vcpu_is_preempted(vcpus()), 0);
  for (let i = 0; i < 4; i++) {
    const index = load<i32>(absent + (i << 2));
    same(C.lock_vcpu_is_preempted_4, "whether an index without a vCPU is preempted", pvi.lock_vcpu_is_preempted(index), 0);
  }
  waitFor(DATA, 1);
  steal(3, 20_000);
  takeDown(3);
  same(C.lock_vcpu_is_preempted_4, "whether a vCPU that is down is preempted", pvi.lock_vcpu_is_preempted(3), 0);
  startAt(3, rest.index);
  waitFor(DATA, 2);
}

export function lock_spin_notify_returns(): void {
  const counts = memory.data<i32>([0, 1, 4095, 0x7fffffff, -1]);
  for (let i = 0; i < 5; i++) {
    pvi.lock_spin_notify(load<i32>(counts + (i << 2)));
    holds(C.lock_spin_notify_2, "interrupts are still enabled", interruptsOn(me()));
  }
  pvi.irq_disable();
  for (let i = 0; i < 5; i++) {
    pvi.lock_spin_notify(load<i32>(counts + (i << 2)));
    holds(C.lock_spin_notify_2, "interrupts are still disabled", !interruptsOn(me()));
  }
}

export function lock_spin_notify_alone(): void {
  pvi.irq_disable();
  pvi.lock_spin_notify(1);
  pvi.lock_spin_notify(100_000);
  test.expect(C.lock_spin_notify_1, 1);
}

/** The target never does what the caller waits for; then it is descheduled as well. */
export function lock_yield_returns(role: i32): void {
  if (role === 0) {
    waitFor(DATA, 1);
    pvi.irq_disable();
    pvi.lock_yield_to(1);
    steal(1, 20_000);
    pvi.lock_yield_to(1);
    test.expect(C.lock_yield_to_1, 1);
    post(WOKEN, 1);
  } else {
    post(DATA, 1);
    while (see(WOKEN) === 0) machine.pause();
  }
}

/** vCPU 2 idles. */
export function lock_yield_sleeping(): void {
  const before = allDelivered(2);
  for (let i = 0; i < 3; i++) pvi.lock_yield_to(2);
  letOthersRun();
  same(C.lock_yield_to_2, "interrupts delivered to the sleeping vCPU", allDelivered(2), before);
  holds(C.lock_yield_to_2, "the vCPU still sleeps", test.state(2, test.STATE_HALTED) !== 0);
}

export function lock_yield_nobody(): void {
  takeDown(3);
  const before = allDelivered(0) + allDelivered(1) + allDelivered(3);
  pvi.lock_yield_to(me());
  pvi.lock_yield_to(3);
  pvi.lock_yield_to(vcpus());
  pvi.lock_yield_to(255);
  pvi.lock_yield_to(0x7fffffff);
  pvi.lock_yield_to(-1);
  letOthersRun();
  same(C.lock_yield_to_3, "whether the vCPU that was down is up", pvi.smp_is_up(3), 0);
  same(
    C.lock_yield_to_3,
    "interrupts delivered to anybody",
    allDelivered(0) + allDelivered(1) + allDelivered(3),
    before,
  );
}
