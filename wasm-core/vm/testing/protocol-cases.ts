// Cases of the test kernel that follow protocols between guest and host (protocol-host.ts) step by step: 50 and up.
import { entryOf, FLAG, word, X, Y } from "./cases";
import {
  advance, barrier, cli, codeAddr, DIRECT_MAP, expect, expectEq, hlt, hypercall, invlpg, iret, load64, mfence, outcome, param,
  pause, plan, quiet, reg, rmw, setReg, state, sti, store64, wrmsr,
} from "./imports";
import { EOI, ICR, setGate } from "./kernel";

@external("machine", "cmpxchg") declare function cmpxchg(op: i32, va: i64, expect: i64, v: i64): i64;
@external("machine", "read_cr") declare function readCr(n: i32): i64;

/** Shared words beside X, Y and the flag. */
const AREA: i32 = 4;
const ACK: i32 = 5;
const CONTEXT: i32 = 6;
/** Private words: events so far, and real time of each. */
const EVENTS: usize = 96;
const TIMES: usize = 104;

export function runProtocolCase(index: i32, role: i32): void {
  switch (index) {
    case 50: return flush(role, false);
    case 51: return flush(role, true);
    case 52: return waitAndKick(role);
    case 53: return block(role);
    case 54: return alarm();
    case 55: return startTwice(role);
    case 56: return startWithoutState();
    case 57: return watchedTable();
    case 58: return drained(role);
  }
  unreachable();
}

function call(nr: i64, a: i64, b: i64, c: i64): i64 {
  return hypercall(nr, a, b, c, 0, 0, 0);
}

/** The page that role 0 maps to the frame behind its own: the word there is 1, then 2. */
export function flushedPage(): i64 {
  return DIRECT_MAP + ((param(5) as i64) << 12);
}

/**
 * Role 0 changes an entry, flushes, and says so; role 1 reads whether it has said so, then the page. Outcome: 10 if it has, + what it
 * reads: never 11. By hypercall, or as KVM's guests do: by IPI, but who is preempted finds a request in its steal area.
 */
function flush(role: i32, byArea: bool): void {
  quiet(1);
  const page = flushedPage();
  const entry = entryOf(page);
  const mapping = load64(entry);
  if (role == 0) {
    store64(page, 1);
    store64(page + 4096, 2);
    if (byArea) call(2, 1, word(AREA) - DIRECT_MAP, param(3));
  } else setGate(0x45, onFlushRequest);
  load64(page);
  barrier(1);
  quiet(0);
  if (role == 0) {
    store64(entry, mapping + 0x1000);
    if (byArea) shootDown();
    else call(1, page, param(3), 0);
    store64(word(FLAG), 1);
    return;
  }
  const said = load64(word(FLAG));
  outcome(0, said * 10 + load64(page));
}

/** Leaves the flush to the host if role 1's vCPU is preempted; else an IPI, and its acknowledgement. */
export function shootDown(): void {
  mfence();
  if (load64(word(AREA)) == 1 && cmpxchg(0x130, word(AREA), 1, 3) == 1) return;
  wrmsr(ICR, (param(10 | (1 << 8)) << 32) | 0x45);
  while (load64(word(ACK)) == 0) pause();
}

export function onFlushRequest(frame: i64): void {
  invlpg(flushedPage());
  store64(word(ACK), 1);
  wrmsr(EOI, 0);
  iret(frame);
}

/**
 * Role 1 announces that it halts (Y), looks at the lock (X) once more, halts with IF = 0; role 0 releases and kicks whom it finds
 * announced. Seed 0: as it must be; 1: the waiter without mfence; 2: the host half forgets a kick that comes before the halt.
 */
function waitAndKick(role: i32): void {
  const how = param(3);
  if (role == 0) store64(word(X), 1);
  else call(3, 0, 0, 0);
  barrier(1);
  if (role == 0) {
    rmw(0x132, word(X), 0);
    if (load64(word(Y))) call(4, 1, how == 2 ? 0 : 1, 0);
    return;
  }
  cli();
  store64(word(Y), 1);
  if (how != 1) mfence();
  if (load64(word(X))) hlt();
  expectEq(52, state(1, 1), 0);
  expectEq(52, load64(word(X)), 0);
}

/**
 * Role 1 blocks until an event is pending: {pending, mask} at AREA. Role 0 sets it and wakes: always, or (seed bit 1) only whom it
 * sees unmasked. Seed bit 0: the host half fences between unmasking and looking. Outcome: what role 1's vCPU was doing then.
 */
function block(role: i32): void {
  const fences = param(3) & 1;
  const looks = param(3) & 2;
  if (role == 1) {
    store64(word(AREA) + 8, 1);
    store<i64>(EVENTS, 0);
    call(5, word(AREA) - DIRECT_MAP, codeAddr(onEvent.index, 0), 0);
  }
  barrier(1);
  if (role == 0) {
    outcome(0, state(1, 0));
    rmw(0x133, word(AREA), 1);
    if (!looks || load64(word(AREA) + 8) == 0) call(7, 1, 0, 0);
    return;
  }
  call(6, fences, 0, 0);
  expectEq(53, load<i64>(EVENTS), 1);
  expectEq(53, load64(word(AREA)), 0);
}

function onEvent(frame: i64): void {
  store<i64>(EVENTS, load<i64>(EVENTS) + rmw(0x130, word(AREA), 0));
  iret(frame);
}

/** A periodic alarm of 1 ms, on the counter that the seed names, over a steal from 1.5 to 2.5 ms. Slots: when it came, in units of 0.1 ms. */
function alarm(): void {
  setGate(0x46, onAlarm);
  store<i64>(EVENTS, 0);
  const counter = param(3);
  const begin = state(0, 2);
  plan(2, 0, begin + 1_500_000, 1_000_000);
  call(8, state(0, counter == 1 ? 3 : 2) + 1_000_000, 1_000_000, counter);
  for (let i = 0; i < 200 && load<i64>(EVENTS) < 3; i++) {
    advance(20_000);
    pause();
  }
  for (let i: i32 = 0; i < 3; i++) outcome(i, (load<i64>(TIMES + (i << 3)) - begin) / 100_000);
  expectEq(54, state(0, 4), 1_000_000);
  // Simulated time goes on by the few instructions between the two readings.
  const sum = state(0, 3) + state(0, 4);
  const ahead = state(0, 2) - sum;
  expect(54, ahead >= 0 && ahead < 100 ? 1 : 0);
}

function onAlarm(frame: i64): void {
  const nr = load<i64>(EVENTS) as usize;
  if (nr < 8) store<i64>(TIMES + (nr << 3), state(0, 2));
  store<i64>(EVENTS, nr + 1);
  wrmsr(EOI, 0);
  iret(frame);
}

function turnOff(target: i32): void {
  call(9, target, 0, 0);
  store64(word(CONTEXT), codeAddr(started.index, 0));
  store64(word(CONTEXT) + 8, readCr(3));
  store64(word(CONTEXT) + 16, param(15 | (target << 8)));
}

/** First code of a vCPU that was started by hypercall, with interrupts off. */
function started(rsp: i64): void {
  rmw(0x131, word(X), state(2, 1) ? 100 : 1);
}

/** Both roles initialise vCPU 2 and, if they were let, start it: one of them is, and it starts once. */
function startTwice(role: i32): void {
  if (role == 0) turnOff(2);
  barrier(1);
  const answer = call(10, 2, word(CONTEXT) - DIRECT_MAP, 0);
  outcome(role, answer == 0 ? 0 : answer == -17 ? 17 : 99);
  if (answer == 0) expectEq(55, call(11, 2, 0, 0), 0);
  barrier(2);
  while (load64(word(X)) == 0) pause();
  expectEq(55, load64(word(X)), 1);
}

/** INIT and SIPI start nobody whose state has not been set; nor does the hypercall. */
function startWithoutState(): void {
  const icr: i64 = param(10 | (2 << 8)) << 32;
  turnOff(2);
  expectEq(56, state(2, 0), 0);
  expectEq(56, call(11, 2, 0, 0), -2);
  wrmsr(ICR, icr | 0x4500);
  wrmsr(ICR, icr | 0x4608);
  for (let i = 0; i < 20; i++) pause();
  expectEq(56, state(2, 0), 0);
  expectEq(56, call(10, 2, word(CONTEXT) - DIRECT_MAP, 0), 0);
  store64(DIRECT_MAP + 0x8000, codeAddr(started.index, 0));
  wrmsr(ICR, icr | 0x4500);
  wrmsr(ICR, icr | 0x4608);
  while (load64(word(X)) == 0) pause();
  expect(56, load64(word(X)) == 1 ? 1 : 0);
}

/** Stores to a page table that the host half emulates take effect without a flush; a compare that fails changes nothing. */
function watchedTable(): void {
  const page = flushedPage();
  const entry = entryOf(page);
  const mapping = load64(entry);
  store64(page, 1);
  store64(page + 4096, 2);
  call(24, entry, 0, 0);
  store64(entry, mapping + 0x1000);
  expectEq(57, load64(page), 2);
  // What is marked in the shadow comes back by then.
  invlpg(page);
  const now = load64(entry);
  expectEq(57, now & ~0x60, (mapping + 0x1000) & ~0x60);
  expectEq(57, cmpxchg(0x130, entry, now + 8, mapping), now);
  expectEq(57, load64(page), 2);
  expectEq(57, cmpxchg(0x130, entry, now, mapping), now);
  expectEq(57, load64(page), 1);
  expectEq(57, call(24, 0, 0, 0), 3);
}

/**
 * Store buffering where role 0 leaves guest mode behind its load, for the interrupt window. Slots: what role 0 reads, + 10 because it has
 * left before its next step; what role 1 reads.
 */
function drained(role: i32): void {
  quiet(1);
  load64(word(X));
  load64(word(Y));
  if (role == 0) {
    setReg(3, 0);
    cli();
    call(12, 0, 0, 0);
  }
  barrier(1);
  quiet(0);
  if (role == 1) {
    store64(word(Y), 1);
    mfence();
    outcome(1, load64(word(X)));
    return;
  }
  store64(word(X), 1);
  sti();
  const seen = load64(word(Y));
  load64(word(FLAG));
  outcome(0, reg(3) * 10 + seen);
}
