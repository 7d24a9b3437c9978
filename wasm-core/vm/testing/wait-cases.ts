// Cases of the test kernel about waiting and halting beside protocol-cases.ts: 72 and 73 for a kick, 74 for an interrupt.
import { FLAG, word, X, Y } from "./cases";
import { barrier, cli, expectEq, hlt, hypercall, iret, load64, mfence, outcome, param, quiet, rmw, state, sti, store64, wrmsr } from "./imports";
import { EOI, ICR, setGate, taken } from "./kernel";

/** Of test.state. */
const RUNSTATE: i32 = 0;
const INTERRUPTS: i32 = 1;
/** Private words: interrupts taken, where the kernel is, and where it was when one came. */
const EVENTS: usize = 96;
const PLACE: usize = 104;
const SEEN: usize = 112;

export function runWaitCase(index: i32, role: i32): void {
  if (index == 72) return interruptWhileWaiting(role);
  if (index == 73) return nestedWait(role);
  return safeHalt(role);
}

/** Waits for kicks: the host half has HLT exit; where 1 it then lets it run in guest mode, where interrupts end it. */
function interceptHalts(inGuest: i64): void {
  hypercall(3, inGuest, 0, 0, 0, 0, 0);
}

function kick(vcpu: i64): void {
  hypercall(4, vcpu, 1, 0, 0, 0, 0);
}

/** Role 1 waits for X with IF = 0 and an interrupt arrives meanwhile: it neither ends the wait nor is it lost. Outcome: taken at last. */
function interruptWhileWaiting(role: i32): void {
  if (role == 0) store64(word(X), 1);
  else {
    cli();
    interceptHalts(param(3));
  }
  barrier(1);
  if (role == 0) {
    rmw(0x132, word(X), 0);
    if (load64(word(Y))) kick(1);
    return;
  }
  const before = taken;
  store64(word(Y), 1);
  mfence();
  if (load64(word(X))) hlt();
  expectEq(72, load64(word(X)), 0);
  expectEq(72, taken, before);
  expectEq(72, state(1, INTERRUPTS), 0);
  sti();
  load64(word(Y));
  load64(word(Y));
  outcome(0, taken - before);
}

/** Of the interrupt inside a wait: waits for FLAG itself, with IF = 0, and takes every kick that comes. */
function onNestedWait(frame: i64): void {
  store<i64>(EVENTS, load<i64>(EVENTS) + 1);
  while (load64(word(FLAG))) hlt();
  wrmsr(EOI, 0);
  iret(frame);
}

/** One wait for X. Right: the look and the halt are one for interrupts; seed 1: one may come between. */
function waitForX(): void {
  if (param(3) == 1) {
    if (load64(word(X))) hlt();
    return;
  }
  cli();
  if (load64(word(X))) {
    sti();
    hlt();
  } else sti();
}

/** Role 1 waits for X with IF = 1; the handler of an interrupt waits for FLAG. Role 0 releases both and kicks each time. */
function nestedWait(role: i32): void {
  quiet(1);
  if (role == 1) {
    setGate(0x46, onNestedWait);
    store<i64>(EVENTS, 0);
    interceptHalts(1);
  } else {
    store64(word(X), 1);
    store64(word(FLAG), 1);
  }
  barrier(1);
  quiet(0);
  if (role == 0) {
    rmw(0x132, word(X), 0);
    kick(1);
    rmw(0x132, word(FLAG), 0);
    kick(1);
    return;
  }
  while (load64(word(X))) waitForX();
  outcome(0, load<i64>(EVENTS));
}

function onWake(frame: i64): void {
  store<i64>(EVENTS, load<i64>(EVENTS) + 1);
  store<i64>(SEEN, load<i64>(PLACE));
  wrmsr(EOI, 0);
  iret(frame);
}

/**
 * Role 1 halts until role 0's interrupt, unless it has come. Outcome: 1 it came before IF = 0, 2 later; and what the vCPU was doing when
 * it was sent. Seed 1: something comes between sti and hlt.
 */
function safeHalt(role: i32): void {
  if (role == 1) {
    setGate(0x46, onWake);
    store<i64>(EVENTS, 0);
    store<i64>(PLACE, 1);
  }
  barrier(1);
  if (role == 0) {
    outcome(1, state(1, RUNSTATE));
    wrmsr(ICR, (param(10 | (1 << 8)) << 32) | 0x46);
    return;
  }
  cli();
  store<i64>(PLACE, 2);
  if (load<i64>(EVENTS) == 0) {
    sti();
    if (param(3) == 1) load64(word(X));
    hlt();
  }
  expectEq(74, load<i64>(EVENTS), 1);
  outcome(0, load<i64>(SEEN));
}
