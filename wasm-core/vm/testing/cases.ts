// The cases of the test kernel. Words of shared memory: x, y and a flag.
import {
  barrier, callCode, choose, cli, DIRECT_MAP, expect, expectEq, hlt, litmus0, litmus1, litmus2, litmus3, hypercall, invlpg, iret, load64, mayEnd, mfence, note, opAdd, opGrow, opLoop,
  opMissing, opRecurse, opTrap, outcome, outPort, param, pause, plan, advance, quiet, raceCheck, raceEvent, racePrepare, raceRun, rdtsc, reg, rmw, setReg, store32, softInterrupt, state, sti, store64, wrmsr,
} from "./imports";
import { COUNTER, EOI, expectFault, ICR, taken } from "./kernel";
import { runMachineCase } from "./machine-cases";

function word(i: i32): i64 {
  return param(13) + i * 64;
}

const X: i32 = 0;
const Y: i32 = 1;
const FLAG: i32 = 2;

export function runCase(index: i32, role: i32): void {
  switch (index) {
    case 0: return expectEq(0, opAdd(2, 3), 5);
    case 1: return interrupt(role);
    case 2: return pageFault();
    case 3: return expectEq(3, hypercall(1, 20, 22, 0, 0, 0, 0), 42);
    case 4: return wait(role, false);
    case 5: return wait(role, true);
    case 6: return storeBuffering(role, false);
    case 7: return storeBuffering(role, true);
    case 8: return sleepForEver();
    case 9: return opTrap();
    case 10: return opLoop();
    case 11: return opRecurse();
    case 12: return expectEq(12, opGrow(), -1);
    case 13: return softInterrupt(0x41);
    case 14: return softInterrupt(0x42);
    case 15: return pick();
    case 16: return arrival();
    case 17: return hostAction(role);
    case 18: return opMissing();
    case 19: return powerOff();
    case 20: return messagePassing(role);
    case 21: return spin(role);
    case 22: return planned();
    case 23: return failsWithNumbers();
    case 24: return unlocked(role);
    case 27: return privateCounter();
    case 28: return takenAtEntry(role);
    case 29: return lockBusy(role);
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
    default: return index >= 40 ? runMachineCase(index, role) : timer();
  }
}

/** Role 0 sends vector 0x40 to vCPU 1, which waits for it. */
function interrupt(role: i32): void {
  if (role == 0) {
    wrmsr(ICR, (param(10 | (1 << 8)) << 32) | 0x40);
    return;
  }
  while (taken == 0) pause();
  expectEq(1, taken, 1);
}

/** Unmaps a page of the direct map; the access faults, the handler maps it again, the access runs again. */
function pageFault(): void {
  const page = DIRECT_MAP + ((param(5) as i64) << 12);
  store64(page, 1234);
  const entry = entryOf(page);
  const value = load64(entry);
  expectFault(entry, value);
  store64(entry, 0);
  invlpg(page);
  expectEq(2, load64(page), 1234);
}

@external("machine", "read_cr") declare function readCr(n: i32): i64;

/** va of the last-level entry of a va, through the direct map. */
function entryOf(va: i64): i64 {
  let table = readCr(3) & 0x000ffffffffff000;
  for (let level = 4; level > 1; level--) {
    table = load64(DIRECT_MAP + table + (((va >> (3 + 9 * level)) & 511) << 3)) & 0x000ffffffffff000;
  }
  return DIRECT_MAP + table + (((va >> 12) & 511) << 3);
}

/** Role 1 waits for the flag by HLT, role 0 sets it and sends an interrupt. Right: test with IF = 0, then sti and hlt. */
function wait(role: i32, right: bool): void {
  barrier(1);
  if (role == 0) {
    store64(word(FLAG), 1);
    mfence();
    wrmsr(ICR, (param(10 | (1 << 8)) << 32) | 0x40);
    return;
  }
  if (right) cli();
  if (load64(word(FLAG)) == 0) {
    if (right) sti();
    hlt();
  }
  expect(4, 1);
}

/** SB of the x86-TSO litmus tests. */
function storeBuffering(role: i32, fence: bool): void {
  barrier(1);
  store64(word(role == 0 ? X : Y), 1);
  if (fence) mfence();
  outcome(role, load64(word(role == 0 ? Y : X)));
}

/** MP: never 1 then 0. */
function messagePassing(role: i32): void {
  barrier(1);
  if (role == 0) {
    store64(word(X), 1);
    store64(word(Y), 1);
    return;
  }
  outcome(0, load64(word(Y)));
  outcome(1, load64(word(X)));
}

/** An increment without LOCK on two vCPUs: one can be lost. */
function unlocked(role: i32): void {
  barrier(1);
  rmw(0x31, word(X), 1);
  barrier(2);
  if (role == 0) outcome(0, load64(word(X)));
}

function sleepForEver(): void {
  cli();
  hlt();
}

function pick(): void {
  const a = choose(3);
  const b = choose(2);
  outcome(0, a * 10 + b);
}

/** A private counter that the handler of 0x40 raises too: an interrupt in the middle loses one. */
function privateCounter(): void {
  store<i32>(COUNTER, load<i32>(COUNTER) + 1);
  load64(word(X));
  outcome(0, load<i32>(COUNTER));
  outcome(1, taken);
}

/** How often the handler ran before the second of two loads. */
function arrival(): void {
  load64(word(X));
  outcome(0, taken);
  load64(word(X));
  outcome(1, taken);
}

/** Hypercalls whose number is what the host half does (host.ts). */
function hostAction(role: i32): void {
  expectEq(17, hypercall(choose(1) + param(3), role, 0, 0, 0, 0, 0), 0);
}

/** Role 1 has the host half take X at guest entry (hypercall number in the seed) while role 0 adds 1: outcome = taken, left. */
function takenAtEntry(role: i32): void {
  barrier(1);
  if (role == 0) rmw(0x131, word(X), 1);
  else outcome(0, hypercall(param(3), 0, word(X) - DIRECT_MAP, 0, 0, 0, 0));
  barrier(2);
  if (role == 0) outcome(1, load64(word(X)));
}

/** Role 0 keeps the host half's lock busy with X while role 1 uses X and may be descheduled. */
function lockBusy(role: i32): void {
  barrier(1);
  if (role == 0) hypercall(14, 0, word(X) - DIRECT_MAP, 0, 0, 0, 0);
  else for (let i = 0; i < 3; i++) rmw(0x131, word(X), 1);
  expect(29, 1);
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

function powerOff(): void {
  mayEnd(1);
  outPort(0x604, 2, 0x2000);
}

/** Both roles wait for a flag that nobody sets. */
function spin(role: i32): void {
  while (load64(word(FLAG)) == 0) pause();
}

/** An interrupt planned for a time wakes a HLT. */
function planned(): void {
  plan(0, 0, state(0, 2) + 5000, 0x40);
  hlt();
  expectEq(22, taken, 1);
  expect(22, state(0, 2) >= 5000 ? 1 : 0);
}

function failsWithNumbers(): void {
  setReg(3, 77);
  store<u8>(8, 104);
  store<u8>(9, 105);
  note(8, 2);
  expectEq(23, reg(3), 78);
}

/** The local APIC's TSC-deadline timer. */
function timer(): void {
  wrmsr(0x832, 0x40040);
  wrmsr(0x6e0, rdtsc() + 100000);
  hlt();
  expectEq(25, taken, 1);
  callCode(0, 0);
}
