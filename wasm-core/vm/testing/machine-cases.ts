// Cases of the test kernel that are about the machine and its host halves: 40 and up.
import { advance, barrier, cli, codeAddr, expect, expectEq, hypercall, invlpg, iret, load64, mfence, outcome, outPort, param, pause, plan, reg, rmw, softInterrupt, state, sti, store64, vcpu, wrmsr } from "./imports";
import { expectFault, ICR, taken } from "./kernel";
import { runBatchCase } from "./batch-cases";
import { runDeliveryCase } from "./delivery-cases";
import { runDirectFetchCase, runFetchCase } from "./fetch-cases";
import { runImplicitCase } from "./implicit-cases";
import { runFlushCase } from "./flush-cases";
import { runLayeredCase } from "./layered/cases";
import { runProtocolCase } from "./protocol-cases";
import { runWaitCase } from "./wait-cases";
import { runHostPartsCase, runInterruptedCase, runRevokedCase, runStoppedCase, runWalkCase } from "./step-cases";
import { runStartCase } from "./start/cases";
import { runTableCase } from "./table-cases";
import { runTrapCase } from "./trap-cases";
import { runVmiCase } from "./vmi/cases";

@external("machine", "syscall") declare function syscall(nr: i64): i64;
@external("machine", "ctx_set_reg") declare function ctxSetReg(r: i32, v: i64): void;
@external("machine", "lfence") declare function lfence(): void;
@external("machine", "rdtsc") declare function rdtsc(): i64;
@external("machine", "read_cr") declare function readCr(n: i32): i64;

function word(i: i32): i64 {
  return param(13) + i * 64;
}

const X: i32 = 0;
const Y: i32 = 1;
const FRAME: i32 = 6;
const KERNEL_CS: i64 = 8;
const USER_CS: i64 = 0x2b;
const USER_SS: i64 = 0x23;
const LSTAR: i32 = <i32>0xc0000082;
const STAR: i32 = <i32>0xc0000081;
const SFMASK: i32 = <i32>0xc0000084;

export function runMachineCase(index: i32, role: i32): void {
  if (index == 140) return timesAddUp(role);
  if (index == 141) return utcIsSet();
  if (index == 142) return runFetchCase();
  if (index == 143) return runDirectFetchCase();
  if (index == 144) return runWalkCase(role);
  if (index == 145) return runHostPartsCase(role);
  if (index == 146) return runRevokedCase();
  if (index == 147) return runStoppedCase(role);
  if (index == 148) return runInterruptedCase();
  if (index >= 110) return runTableCase(index);
  if (index >= 94) return runLayeredCase(index, role);
  if (index >= 90) return runStartCase(index);
  if (index >= 84 || index == 77) return runVmiCase(index, role);
  if (index >= 80) return runTrapCase(index);
  if (index >= 59 && index < 70) return runBatchCase(index, role);
  if (index == 70 || index == 71) return runFlushCase(index, role);
  if (index >= 72 && index <= 74) return runWaitCase(index, role);
  if (index == 75 || index == 78) return runDeliveryCase(index, role);
  if (index == 79) return runImplicitCase(role);
  if (index == 76) return readsEarly(role);
  if (index >= 50) return runProtocolCase(index, role);
  if (index == 40) return misuse(role);
  if (index == 41) return userMode(0);
  if (index == 42) return userMode(1);
  if (index == 43) return userMode(2);
  if (index == 44) return lockOrder(role);
  if (index == 45) return singleStep();
  if (index == 46) return sparse(role);
  if (index == 47) return storm();
  if (index == 48) return migrated();
  if (index == 49) return migratesAnywhere(role);
  unreachable();
}

/** Hypercalls at which the host half does what the seed says, with accesses in between. */
function misuse(role: i32): void {
  barrier(1);
  for (let i = 0; i < 4; i++) {
    hypercall(1000 + ((param(3) & 0xffffffff) << 8) + i * 2 + role, 0, 0, 0, 0, 0, 0);
    store64(word(X), i);
    rmw(0x131, word(Y), 1);
    if (param(3) & 1) invlpg(word(Y));
  }
  expect(40, 1);
}

/** Private words: numbers of the system calls so far, a byte each. */
const CALLS: usize = 64;

function call(nr: i64): void {
  store<i64>(CALLS, (load<i64>(CALLS) << 8) | (nr & 255));
}

/** SYSCALL's handler, on the user's stack pointer: answers nr + 1 and returns to RCX with R11's flags. */
function onSyscall(rsp: i64): void {
  const nr = reg(0);
  call(nr);
  const frame = word(FRAME);
  store64(frame, reg(1));
  store64(frame + 8, USER_CS);
  store64(frame + 16, reg(11));
  store64(frame + 24, rsp);
  store64(frame + 32, USER_SS);
  ctxSetReg(0, nr + 1);
  iret(frame);
}

function plainUser(rsp: i64): void {
  syscall(syscall(41));
}

/** A kernel address is a page fault of user mode; the handler makes the entry accessible, and the load runs again. */
function faultingUser(rsp: i64): void {
  syscall(load64(word(X)));
}

/** An interrupt gate of DPL 0 is #GP for user mode; here it only proves that CLI is too. */
function softUser(rsp: i64): void {
  softInterrupt(0x40);
}

/** Goes to user mode and comes back: how 0 plain, 1 with a page fault on the way, 2 through a gate that user mode may not use. */
function userMode(how: i32): void {
  wrmsr(STAR, KERNEL_CS << 32);
  wrmsr(SFMASK, 0x200);
  wrmsr(LSTAR, codeAddr(onSyscall.index, 0));
  store<i64>(CALLS, 0);
  const frame = word(FRAME) + 64;
  const body = how == 0 ? plainUser.index : how == 1 ? faultingUser.index : softUser.index;
  store64(frame, codeAddr(body, 1));
  store64(frame + 8, USER_CS);
  store64(frame + 16, 0x202);
  store64(frame + 24, 0x7fff0000);
  store64(frame + 32, USER_SS);
  store64(word(X), 77);
  const entry = entryOf(word(X));
  if (how == 1) expectFault(entry, load64(entry) | 4);
  iret(frame);
  // Back at CPL 0, with the flags and the stack of before.
  cli();
  sti();
  expectEq(41, load<i64>(CALLS), how == 0 ? 0x292aff : how == 1 ? 0x4dff : 0xff);
  expectEq(41, state(0, 1), 1);
}

/** va of the last-level entry of a va; the tables above it are opened to user mode. */
function entryOf(va: i64): i64 {
  let table = readCr(3) & 0x000ffffffffff000;
  for (let level = 4; level > 1; level--) {
    const at = DIRECT_MAP + table + (((va >> (3 + 9 * level)) & 511) << 3);
    store64(at, load64(at) | 4);
    invlpg(va);
    table = load64(at) & 0x000ffffffffff000;
  }
  return DIRECT_MAP + table + (((va >> 12) & 511) << 3);
}

const DIRECT_MAP: i64 = 0xffff8880_00000000;

/** Handler of 0x45: asks for the next one, so that it is injected together with the return. */
function onStorm(frame: i64): void {
  store<i64>(STEPS, load<i64>(STEPS) + 1);
  if (load<i64>(STEPS) < 40) wrmsr(ICR, (param(10 | (vcpu() << 8)) << 32) | 0x45);
  wrmsr(0x80b, 0);
  iret(frame);
}

/** Forty interrupts, each due when the handler of the one before returns: none is on top of another. */
function storm(): void {
  const at = param(7) + 0x45 * 16;
  const handler = codeAddr(onStorm.index, 0);
  store64(at, (handler & 0xffff) | (KERNEL_CS << 16) | ((0x8e as i64) << 40) | (((handler >> 16) & 0xffff) << 48));
  store64(at + 8, (handler >> 32) & 0xffffffff);
  store<i64>(STEPS, 0);
  wrmsr(ICR, (param(10 | (vcpu() << 8)) << 32) | 0x45);
  while (load<i64>(STEPS) < 40) pause();
  expectEq(47, load<i64>(STEPS), 40);
}

/** Role 0 tells role 1's vCPU by APIC id, in the ICR and in the id that role 1 reads of itself. */
function sparse(role: i32): void {
  if (role == 1) {
    store64(word(X), (vcpu() + 1) as i64);
    mfence();
    while (taken == 0) pause();
    expectEq(46, rdmsr(0x802), param(10 | (vcpu() << 8)));
    return;
  }
  while (load64(word(X)) == 0) pause();
  wrmsr(ICR, (param(10 | (((load64(word(X)) - 1) as i32) << 8)) << 32) | 0x40);
}

@external("machine", "rdmsr") declare function rdmsr(msr: i32): i64;

/** Handler of #DB: takes TF out of the frame at the third step. */
function onDebug(frame: i64): void {
  store<i64>(STEPS, load<i64>(STEPS) + 1);
  if (load<i64>(STEPS) == 3) store64(frame + 16, load64(frame + 16) & ~TF);
  iret(frame);
}

const STEPS: usize = 72;
const TF: i64 = 0x100;

@external("machine", "popf") declare function popf(flags: i64): void;

/** TF: #DB behind every instruction after the POPF that sets it. */
function singleStep(): void {
  const at = param(7) + 16;
  const handler = codeAddr(onDebug.index, 0);
  store64(at, (handler & 0xffff) | (KERNEL_CS << 16) | ((0x8e as i64) << 40) | (((handler >> 16) & 0xffff) << 48));
  store64(at + 8, (handler >> 32) & 0xffffffff);
  store<i64>(STEPS, 0);
  popf(0x202 | TF);
  expectEq(45, load<i64>(STEPS), 0);
  const value = load64(word(X));
  expectEq(45, load<i64>(STEPS) * 1000 + value, 0);
  store64(word(X), 5);
  expectEq(45, load64(word(X)), 5);
  load64(word(X));
  load64(word(X));
  expectEq(45, load<i64>(STEPS), 3);
}

/** Role 0 has the host half store 1 to X and sleep (hypercall 40); role 1 has it read it under the lock: outcome. Role 1 asks until role 0 has slept. */
function lockOrder(role: i32): void {
  barrier(1);
  if (role == 0) hypercall(40, 0, word(X) - DIRECT_MAP, 0, 0, 0, 0);
  else {
    let answer: i64 = 0;
    while (answer == 0) {
      answer = hypercall(41, 0, word(X) - DIRECT_MAP, 0, 0, 0, 0);
      pause();
    }
    outcome(0, answer);
  }
}

const REAL: i32 = 2;
const AVAILABLE: i32 = 3;
const STOLEN: i32 = 4;
const TSC: i32 = 5;
const PLAN_MIGRATE: i32 = 3;

/** Ticks of a vCPU's TSC in so many ns of real time. */
function ticksIn(vcpu: i32, ns: i64): i64 {
  const before = state(vcpu, TSC);
  advance(ns);
  return state(vcpu, TSC) - before;
}

/** The host half's count of sched(v, 0), of sched(v, 1), and the TSC_SCALE it saw at the last one, of one vCPU. */
const TOLD_LEFT: i64 = 17;
const TOLD_BACK: i64 = 18;
const SCALE_SEEN: i64 = 19;

function ask(nr: i64, vcpu: i64): i64 {
  return hypercall(nr, 0, vcpu, 0, 0, 0, 0);
}

/** The machine moves while vCPU 1 sleeps: ticks before and after of both, what the host half was told, and whether times add up. */
function migrated(): void {
  outcome(0, ticksIn(0, 160_000));
  const asleep = state(1, STOLEN);
  const value = state(1, TSC);
  const real = state(0, REAL);
  plan(PLAN_MIGRATE, 0, real + 1000, (1 as i64) << 40);
  advance(2000);
  load64(word(X));
  outcome(1, ticksIn(0, 160_000));
  outcome(2, ticksIn(1, 160_000));
  outcome(3, (state(1, TSC) - value) >> 40);
  outcome(4, (state(0, REAL) - real) / 1_000_000);
  outcome(5, (state(1, STOLEN) - asleep) / 1000);
  const least = state(0, REAL);
  const accounted = state(0, AVAILABLE) + state(0, STOLEN);
  outcome(6, least <= accounted && accounted <= state(0, REAL) ? 1 : 0);
  // Seed 1: there is no host half to be asked.
  if (param(3) & 1) return;
  let told: i64 = ask(SCALE_SEEN, 0) >> 28;
  for (let v = 0; v < 2; v++) told = (told << 8) | (ask(TOLD_LEFT, v) << 4) | ask(TOLD_BACK, v);
  outcome(7, told);
}

const PLAN_UTC: i32 = 4;
const UTC_AT_POWER_ON: i32 = 16;
const RTC_DAY: i32 = 7;

@external("machine", "in") declare function inPort(port: i32, size: i32): i32;

function dayOfMonth(): i32 {
  outPort(0x70, 1, RTC_DAY);
  return inPort(0x71, 1);
}

/** UTC goes three days forward and one back: by how much the parameter and the real-time clock have moved, and real time in ms; UTC before. */
function utcIsSet(): void {
  const utc = param(UTC_AT_POWER_ON);
  const day = dayOfMonth();
  const real = state(0, REAL);
  for (let days = 3; days >= -1; days -= 4) {
    plan(PLAN_UTC, 0, state(0, REAL) + 1000, days * 86_400);
    advance(2000);
    load64(word(X));
    outcome(days > 0 ? 0 : 2, param(UTC_AT_POWER_ON) - utc);
    outcome(days > 0 ? 1 : 3, dayOfMonth() - day);
  }
  outcome(4, (state(0, REAL) - real) / 1_000_000);
  outcome(5, utc);
}

/** Behind each of some accesses: real = available + stolen of every vCPU. Outcome: whether something was stolen. */
function timesAddUp(role: i32): void {
  barrier(1);
  const before = state(0, STOLEN) + state(1, STOLEN);
  for (let i = 0; i < 6; i++) {
    if (i & 1) store64(word(role), i);
    else load64(word(1 - role));
    rdtsc();
    for (let v = 0; v < (param(0) as i32); v++) {
      expectEq(140, state(v, AVAILABLE) + state(v, STOLEN), state(v, REAL));
    }
  }
  outcome(role, state(0, STOLEN) + state(1, STOLEN) > before ? 1 : 0);
}

/** Role 1 reads what role 0's TSC was, then its own: 1 = a smaller one. Seed 1: with LFENCE in between. */
function readsEarly(role: i32): void {
  barrier(1);
  lfence();
  if (role == 0) {
    store64(word(X), rdtsc());
    return mfence();
  }
  const other = load64(word(X));
  load64(word(Y));
  if (param(3) & 1) lfence();
  outcome(0, rdtsc() < other ? 1 : 0);
}

/** A migration may come between any two of three readings of the TSC: which of the steps are large; the last of a waiting vCPU. */
function migratesAnywhere(role: i32): void {
  barrier(1);
  const first = rdtsc();
  load64(word(role));
  const second = rdtsc();
  load64(word(role));
  const third = rdtsc();
  outcome(role, ((second - first) >> 40) | (((third - second) >> 40) << 1));
}
