// Cases about the search itself: deliveries, steals, evictions, time, and halves that races and litmus tests bring along.
import { word, X, Y, FLAG, entryOf } from "./cases";
import {
  barrier, cli, DIRECT_MAP, expect, litmus0, litmus1, litmus2, litmus3, hypercall, invlpg, iret, load64, mfence, outcome, param,
  pause, plan, quiet, raceCheck, raceEvent, racePrepare, raceRun, reg, rmw, setReg, store32, state, sti, store64, wrmsr,
} from "./imports";
import { EOI, ICR, taken } from "./kernel";

export function runSearchCase(index: i32, role: i32): void {
  switch (index) {
    case 30: return onTheWay(role, true);
    case 31: return onTheWay(role, false);
    case 32: return outlasted(role);
    case 33: return preemptedHost(role);
    case 34: return stale();
    case 35: return timePasses();
    case 36: return mixed(role);
    case 37: return race(role);
    case 38: return litmusHalf(role);
    case 39: return manySteps(role);
  }
}

/** Role 1 sends an interrupt, or has the host half kick, while role 0 reads twice: how many came before each. Nobody writes X. */
function onTheWay(role: i32, byInterrupt: bool): void {
  setReg(3, 0);
  barrier(1);
  if (role == 1) {
    if (byInterrupt) wrmsr(ICR, (param(10) << 32) | 0x40);
    else hypercall(9, 0, 0, 0, 0, 0, 0);
    return;
  }
  load64(word(X));
  outcome(0, byInterrupt ? taken : reg(3));
  load64(word(X));
  outcome(1, byInterrupt ? taken : reg(3));
}

/** Role 0 waits for the flag, but gives up after 8 pauses: only a long absence of role 1 lets it. */
function outlasted(role: i32): void {
  barrier(1);
  if (role == 1) {
    rmw(0x131, word(X), 1);
    return store64(word(FLAG), 1);
  }
  let pauses = 0;
  for (; pauses < 8 && load64(word(FLAG)) == 0; pauses++) pause();
  rmw(0x131, word(X), 1);
  outcome(0, pauses == 8 ? 1 : 0);
}

/** Role 1's host work reads X twice around a resched, role 0 raises X. */
function preemptedHost(role: i32): void {
  barrier(1);
  if (role == 0) rmw(0x131, word(X), 1);
  else outcome(0, hypercall(15, 0, word(X) - DIRECT_MAP, 0, 0, 0, 0));
}

/** An entry of the page tables changes without a flush: the TLB may still hold the old translation. */
function stale(): void {
  const first = param(5) as i64;
  const page = DIRECT_MAP + (first << 12);
  store64(page, 1);
  store64(DIRECT_MAP + ((first + 1) << 12), 2);
  const entry = entryOf(page);
  const value = load64(entry);
  load64(page);
  store64(entry, value + 0x1000);
  mfence();
  outcome(0, load64(page));
}

/** An interrupt planned for later: how many came before each of two steps. */
function timePasses(): void {
  plan(0, 0, state(0, 2) + 5000, 0x40);
  load64(word(X));
  outcome(0, taken);
  load64(word(X));
  outcome(1, taken);
}

/** Shared words beside X and Y: what the handler of 0x43 saw, per vCPU, lies in its own private memory. */
const SEEN: usize = 24;

/** Handler of 0x43: what it reads of X, and how often it ran. */
export function onWitness(frame: i64): void {
  store<i64>(SEEN, ((load<i64>(SEEN) << 2) | load64(word(X)) & 1) + 2);
  wrmsr(EOI, 0);
  iret(frame);
}

/**
 * A program of accesses, interrupts and translations in the unit's seed: 4 bits per instruction, 4 per role. Page P is mapped to frame
 * f, whose word is 1; 11 maps it to frame f + 1, whose word is 2. Slot t: 4 bits per instruction of role t; 4 + t: its handler's record.
 */
function mixed(role: i32): void {
  quiet(1);
  const program = param(3);
  const page = DIRECT_MAP + ((param(5) as i64) << 12);
  const entry = entryOf(page);
  const mapping = load64(entry);
  if (role == 0) {
    store64(page, 1);
    store64(page + 4096, 2);
  }
  load64(page);
  load64(page + 4096);
  load64(word(X));
  rmw(0x134, word(FLAG), 0);
  rmw(0x134, entry, 0);
  store<i64>(SEEN, 0);
  barrier(1);
  quiet(0);
  let seen: i64 = 0;
  for (let i = 0; i < 4; i++) {
    const code = ((program >> (4 * (4 * role + i))) & 15) as i32;
    seen |= (step(code, role, page, entry, mapping) & 15) << (4 * i);
  }
  outcome(role, seen);
  barrier(2);
  outcome(4 + role, load<i64>(SEEN));
  if (role == 0) outcome(3, load64(word(X)) | (load64(word(Y)) << 4));
}

function step(code: i32, role: i32, page: i64, entry: i64, mapping: i64): i64 {
  switch (code) {
    case 1: return load64(word(X));
    case 2: return load64(word(Y));
    case 3: return stored(word(X), role + 1);
    case 4: return stored(word(Y), role + 1);
    case 5: return rmw(0x130, word(X), role + 1);
    case 6: return rmw(0x31, word(X), 4);
    case 7: mfence(); break;
    case 8: wrmsr(ICR, (param(10 | ((1 - role) << 8)) << 32) | 0x43); break;
    case 9: cli(); break;
    case 10: sti(); break;
    case 11: return load64(page);
    case 12: return stored(entry, mapping + 0x1000);
    case 13: invlpg(page); break;
    case 14: return load<i64>(SEEN);
  }
  return 0;
}

function stored(at: i64, value: i64): i64 {
  store64(at, value);
  return 0;
}

/** Roles that meet in a half of conformance/mutants/races. */
function race(role: i32): void {
  quiet(1);
  const at = word(0);
  if (role == 0) {
    store32(at + 56, param(0) as i32);
    for (let i = 0; i < param(0) as i32; i++) store32(at + 64 + (i << 2), param(10 | (i << 8)) as i32);
    racePrepare(at);
  }
  barrier(1);
  quiet(0);
  raceRun(role, at);
  barrier(2);
  // What was sent has come when none is pending any more.
  while (state(role, 6 | (0x44 << 8)) != 0) pause();
  expect(37, raceCheck(role));
}

/** Handler of 0x44. */
export function onRace(frame: i64): void {
  raceEvent(word(0));
  wrmsr(EOI, 0);
  iret(frame);
}

/** A litmus program in the guest half. Slot t: what role t read; 4, 5, 6: the shared words. */
function litmusHalf(role: i32): void {
  quiet(1);
  load64(word(FLAG));
  barrier(1);
  quiet(0);
  const at = word(X);
  const seen = role == 0 ? litmus0(at) : role == 1 ? litmus1(at) : role == 2 ? litmus2(at) : litmus3(at);
  outcome(role, seen);
  barrier(2);
  if (role != 0) return;
  for (let i = 0; i < 3; i++) outcome(4 + i, load64(at + i * 64));
}

/** 100 accesses per role, every fifth to what the other role writes: for figures of speed. */
function manySteps(role: i32): void {
  quiet(1);
  load64(word(FLAG));
  barrier(1);
  quiet(0);
  const own = word(8 + role);
  for (let i = 0; i < 20; i++) {
    store64(own, i);
    load64(own);
    load64(own + 8);
    store64(own + 16, i);
    rmw(0x131, word(X), 1);
  }
}
