// The cases of the test kernel. Words of shared memory: x, y and a flag.
import {
  barrier, callCode, choose, cli, DIRECT_MAP, expect, expectEq, hlt, hypercall, invlpg, load64, mayEnd, mfence, note, opAdd,
  opGrow, opLoop, opMissing, opRecurse, opTrap, outcome, outPort, param, pause, plan, rdtsc, reg, rmw, setReg, softInterrupt,
  state, sti, store64, wrmsr,
} from "./imports";
import { COUNTER, expectFault, ICR, taken } from "./kernel";
import { runSearchCase } from "./search-cases";
import { runMachineCase } from "./machine-cases";

export function word(i: i32): i64 {
  return param(13) + i * 64;
}

export const X: i32 = 0;
export const Y: i32 = 1;
export const FLAG: i32 = 2;

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
    default: return index >= 40 ? runMachineCase(index, role) : index >= 30 ? runSearchCase(index, role) : timer();
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
export function entryOf(va: i64): i64 {
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
  if (param(3) == CALL_SHUTDOWN) mayEnd(1);
  expectEq(17, hypercall(choose(1) + param(3), role, 0, 0, 0, 0, 0), 0);
}

/** Of host.ts. */
const CALL_SHUTDOWN: i64 = 28;

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
