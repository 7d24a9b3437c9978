/** lock.*: waiting without a processor, and being woken. A lock byte of 1 means "held". */

import * as info from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import * as pvi from "../../sdk/as/pvi";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";
import { begin, finish, giveWay, letOthersRun, me, meet, vcpus } from "../lib/case";
import { holds, same } from "../lib/expect";
import {
  allDelivered,
  boundaries,
  FIRST_VECTOR,
  interruptsOn,
  nmisTaken,
  onInterrupt,
  onNmi,
  raise,
  raiseLater,
  realTime,
  taken,
} from "../lib/interrupts";
import { post, RMW_XCHG8, see, word, wordAddress } from "../lib/memory";
import { takeDown } from "../lib/smp";

const OUTER: i32 = 0;
const INNER: i32 = 1;
const WAITING: i32 = 2;
const DATA: i32 = 3;
const WOKEN: i32 = 4;
const FEATURES: i32 = 0;
const HINTS: i32 = 1;
/** Turns after which a waiter is taken to be one that never sleeps, as on bare metal, or that no kick wakes. */
const TURNS_MAX: i32 = 50;

function hold(lock: i32): void {
  machine.store8(word(lock), 1);
}

function waitWhileHeld(lock: i32): void {
  while (machine.load8(word(lock)) === 1) pvi.lock_wait(word(lock), 1);
}

/** Releases by a locked exchange, as an unlock path that must look at the waiter's state afterwards. */
function release(lock: i32): void {
  machine.rmw(RMW_XCHG8, word(lock), 0);
}

/** Kicks again and again, so that nothing depends on one kick, until shared word `done` is set or no kick can help. */
function kickUntil(vcpu: i32, done: i32): void {
  for (let turn = 0; turn < TURNS_MAX && test.peek(wordAddress(done)) === 0; turn++) {
    pvi.lock_kick(vcpu);
    giveWay();
  }
}

/** Gives way until `vcpu` sleeps. */
function untilAsleep(vcpu: i32): void {
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    if (test.state(vcpu, test.STATE_HALTED) !== 0) return;
    machine.pause();
  }
}

export function lock_wait_changed(): void {
  machine.store8(word(OUTER), 254);
  pvi.lock_wait(word(OUTER), 255);
  pvi.lock_wait(word(OUTER), 0);
  pvi.irq_disable();
  pvi.lock_wait(word(OUTER), 126);
  same(C.lock_wait_1, "the lock byte", machine.load8(word(OUTER)), 254);
}

/** The waiter says that it waits by a plain store; the owner kicks only those who said so. */
export function lock_wait_announced(role: i32): void {
  if (role === 0) {
    pvi.irq_disable();
    hold(OUTER);
    see(WAITING);
    begin();
    post(WAITING, 1);
    pvi.lock_wait(word(OUTER), 1);
    waitWhileHeld(OUTER);
    same(C.lock_wait_2, "the announcement", see(WAITING), 1);
    post(WOKEN, 1);
  } else {
    see(WAITING);
    begin();
    release(OUTER);
    if (see(WAITING) === 1) kickUntil(0, WOKEN);
  }
}

/** The waiter has compared, and sleeps where it can. */
export function lock_wait_asleep(role: i32): void {
  if (role === 0) {
    pvi.irq_disable();
    hold(OUTER);
    meet(1);
    waitWhileHeld(OUTER);
    same(C.lock_wait_3, "the lock byte after the wait", machine.load8(word(OUTER)), 0);
  } else {
    meet(1);
    letOthersRun();
    release(OUTER);
    pvi.lock_kick(1);
  }
}

/** The kick comes before, in or after the waiter's comparison and sleep: each time it wakes. */
export function lock_kick_any_time(role: i32): void {
  if (role === 0) {
    pvi.irq_disable();
    hold(OUTER);
    begin();
    waitWhileHeld(OUTER);
    same(C.lock_kick_1, "the lock byte after the kick", machine.load8(word(OUTER)), 0);
  } else {
    see(OUTER);
    begin();
    release(OUTER);
    pvi.lock_kick(2);
  }
}

export function lock_wait_keeps_if(role: i32): void {
  if (role === 0) {
    hold(OUTER);
    hold(INNER);
    pvi.lock_wait(word(OUTER), 7);
    holds(C.lock_wait_4, "interrupts are still enabled when there was nothing to wait for", interruptsOn(me()));
    test.barrier(1);
    waitWhileHeld(OUTER);
    holds(C.lock_wait_4, "interrupts are still enabled after the wait", interruptsOn(me()));
    test.barrier(2);
    pvi.irq_disable();
    waitWhileHeld(INNER);
    holds(C.lock_wait_4, "interrupts are still disabled after the wait", !interruptsOn(me()));
  } else {
    test.barrier(1);
    test.advance(10_000);
    release(OUTER);
    pvi.lock_kick(0);
    test.barrier(2);
    test.advance(10_000);
    release(INNER);
    pvi.lock_kick(0);
  }
}

function releaseOuter(): void {
  release(OUTER);
}

/** Nobody kicks: an interrupt's handler releases the lock. */
export function lock_wait_takes_interrupts(): void {
  hold(OUTER);
  onInterrupt(releaseOuter);
  raiseLater(me(), FIRST_VECTOR, 50_000);
  waitWhileHeld(OUTER);
  same(C.lock_wait_5, "interrupts taken in the wait", taken(FIRST_VECTOR), 1);
}

function waitForInner(): void {
  waitWhileHeld(INNER);
  post(WOKEN, 1);
}

/** An interrupt hits at any moment of the wait; its handler waits for another lock and takes all kicks. */
export function lock_wait_nested(role: i32): void {
  if (role === 0) {
    hold(OUTER);
    hold(INNER);
    onInterrupt(waitForInner);
    begin();
    waitWhileHeld(OUTER);
    finish();
    same(C.lock_wait_6, "the inner lock after the outer wait", see(INNER), 0);
  } else {
    see(OUTER);
    begin();
    giveWay();
    raise(0, FIRST_VECTOR + 1);
    giveWay();
    release(OUTER);
    release(INNER);
    kickUntil(0, WOKEN);
    finish();
  }
}

/** vCPU 1 runs with interrupts enabled and is kicked again and again. */
export function lock_kick_running(role: i32): void {
  if (role === 0) {
    test.barrier(1);
    const deliveredBefore = allDelivered(1);
    pvi.lock_kick(1);
    pvi.lock_kick(1);
    pvi.lock_kick(1);
    post(DATA, 1);
    test.barrier(2);
    same(C.lock_kick_2, "interrupts delivered to the kicked vCPU", allDelivered(1), deliveredBefore);
  } else {
    test.barrier(1);
    while (see(DATA) === 0) machine.pause();
    holds(C.lock_kick_2, "the kicked vCPU has interrupts enabled", interruptsOn(me()));
    test.barrier(2);
  }
}

/** The owner releases and writes by plain stores, then kicks the sleeping waiter: it must see both. */
export function lock_kick_stores(role: i32): void {
  if (role === 0) {
    pvi.irq_disable();
    hold(OUTER);
    see(DATA);
    begin();
    waitWhileHeld(OUTER);
    same(C.lock_kick_3, "data stored before the kick", see(DATA), 9);
  } else {
    see(OUTER);
    see(DATA);
    test.barrier(1);
    untilAsleep(3);
    test.quiet(0);
    post(DATA, 9);
    machine.store8(word(OUTER), 0);
    pvi.lock_kick(3);
  }
}

export function lock_kick_nobody(): void {
  const before = allDelivered(0) + allDelivered(1);
  pvi.lock_kick(vcpus());
  pvi.lock_kick(255);
  pvi.lock_kick(0x7fffffff);
  pvi.lock_kick(-1);
  same(C.lock_kick_4, "interrupts delivered to anybody", allDelivered(0) + allDelivered(1), before);
}

function waitInNmi(): void {
  pvi.lock_wait(word(INNER), 1);
}

/** Nobody ever releases the lock for which an NMI's handler waits, nor kicks it. */
export function lock_wait_in_nmi(): void {
  hold(INNER);
  onNmi(waitInNmi);
  for (let n = 1; n <= 2; n++) {
    test.plan(test.PLAN_NMI, me(), realTime() + 1, 0);
    test.advance(2);
    boundaries(4);
    same(C.lock_wait_7, "NMIs whose handler has returned", nmisTaken(), n);
    pvi.irq_disable();
  }
}

export function lock_wait_dedicated(): void {
  const dedicated = (pvi.init_features(HINTS) & info.HINT_DEDICATED) !== 0;
  const waits = (pvi.init_features(FEATURES) & info.FEATURE_WAIT) !== 0;
  holds(C.lock_wait_8, "waiting is not offered to a guest whose vCPUs are never preempted", !(dedicated && waits));
}

export function lock_kick_down(): void {
  takeDown(3);
  const before = allDelivered(3);
  pvi.lock_kick(3);
  pvi.lock_kick(3);
  letOthersRun();
  same(C.lock_kick_5, "whether the vCPU is up now", pvi.smp_is_up(3), 0);
  same(C.lock_kick_5, "interrupts delivered to it", allDelivered(3), before);
}
