// Cases of the test kernel on a VMI-like machine (kind S, vmi/host.ts): alarms over stolen time, APs started by state. 77 and 84 to 86.
import { word, X } from "../cases";
import { advance, barrier, codeAddr, expect, expectEq, iret, load64, outcome, param, pause, plan, quiet, rmw, state, store64, wrmsr } from "../imports";
import { EOI, ICR, setGate, taken } from "../kernel";

@external("pvi", "vmi_init") declare function vmiInit(area: i64): void;
@external("pvi", "vmi_halt") declare function vmiHalt(): void;
@external("pvi", "vmi_counter") declare function counter(which: i32): i64;
@external("pvi", "vmi_set_alarm") declare function setAlarm(at: i64, period: i64, counter: i32): void;
@external("pvi", "vmi_set_ap_state") declare function setApState(state: i64, apicId: i32): void;
@external("pvi", "vmi_halts_early") declare function haltsEarly(): void;
@external("pvi", "vmi_expiry") declare function expiry(which: i32): i64;
@external("machine", "read_cr") declare function readCr(n: i32): i64;

const MS: i64 = 1_000_000;
const REAL: i32 = 0;
const AVAILABLE: i32 = 1;
const STOLEN: i32 = 2;
const ALARM_VECTOR: i32 = 0x46;
const STATE: i32 = 6;
/** Private words: alarms so far; then real, available and stolen ns of each handler by the ROM's counters. */
const ALARMS: usize = 96;
const READINGS: usize = 104;
const ALARMS_MAX: i64 = 5;

export function runVmiCase(index: i32, role: i32): void {
  if (index == 84) return availableAlarm();
  if (index == 85) return realAlarm();
  if (index == 86) return startByState();
  if (index == 77) return haltUntilSent(role);
  unreachable();
}

/** Real time when the case began, and available then. */
let begin: i64 = 0;
let availableThen: i64 = 0;

function prepare(): void {
  vmiInit(param(14));
  setGate(ALARM_VECTOR, onAlarm);
  store<i64>(ALARMS, 0);
  availableThen = state(0, 3);
  begin = state(0, 2);
}

/** Real time lies between two readings, so does the sum of the other two. */
function identity(clause: i32): void {
  const before = state(0, 2);
  const sum = state(0, 3) + state(0, 4);
  expect(clause, sum >= before && sum <= state(0, 2) ? 1 : 0);
}

function pass(until: i64, clause: i32): void {
  while (state(0, 2) < begin + until) {
    advance(20_000);
    pause();
    identity(clause);
  }
}

function onAlarm(frame: i64): void {
  const nr = load<i64>(ALARMS);
  if (nr < ALARMS_MAX) {
    const at = READINGS + ((nr as usize) * 24);
    for (let which: i32 = REAL; which <= STOLEN; which++) store<i64>(at + (which << 3), counter(which));
  }
  store<i64>(ALARMS, nr + 1);
  wrmsr(EOI, 0);
  iret(frame);
}

function reading(alarm: i32, which: i32): i64 {
  return load<i64>(READINGS + alarm * 24 + (which << 3));
}

/** Outcome slots: real times, in 0.1 ms, at which the host half saw `count` expiries; then of as many handlers. */
function report(count: i32, handlers: i32): void {
  for (let i: i32 = 0; i < count; i++) outcome(i, (expiry(i) - begin + 50_000) / 100_000);
  for (let i: i32 = 0; i < handlers; i++) outcome(count + i, (reading(i, REAL) - begin + 50_000) / 100_000);
}

/**
 * An alarm at 1 ms of available time, then every 2 ms. Stolen: 4 to 5 and 6 to 9 ms. The vCPU halts from 3 ms until a device's
 * interrupt at 4 ms: it is available all the while.
 */
function availableAlarm(): void {
  prepare();
  plan(2, 0, begin + 4 * MS, MS);
  plan(2, 0, begin + 6 * MS, 3 * MS);
  plan(0, 0, begin + 4 * MS - 10_000, 0x40);
  setAlarm(availableThen + MS, 2 * MS, AVAILABLE);
  pass(3 * MS + 10_000, 84);
  expectEq(84, load<i64>(ALARMS), 2);
  expectEq(84, taken, 0);
  vmiHalt();
  expectEq(84, taken, 1);
  expect(84, state(0, 2) - begin >= 4 * MS - 10_000 ? 1 : 0);
  pass(12 * MS, 84);
  expectEq(84, load<i64>(ALARMS), 4);
  for (let i: i32 = 0; i < 4; i++) {
    expectEq(84, (reading(i, AVAILABLE) - availableThen + 50_000) / 100_000, 10 + i * 20);
    const ahead = reading(i, REAL) - reading(i, AVAILABLE) - reading(i, STOLEN);
    // The three are read one behind the other.
    expect(84, ahead <= 0 && ahead > -5_000 ? 1 : 0);
  }
  expectEq(84, state(0, 4), 4 * MS);
  report(4, 4);
}

/** The same on real time, every 1 ms, over a steal from 1.5 to 4.5 ms: what expires meanwhile is one interrupt. */
function realAlarm(): void {
  prepare();
  plan(2, 0, begin + 3 * MS / 2, 3 * MS);
  setAlarm(begin + MS, MS, REAL);
  pass(5 * MS + 50_000, 85);
  expectEq(85, load<i64>(ALARMS), 3);
  report(5, 3);
}

/** First code of the AP that was started by its state. */
function started(rsp: i64): void {
  rmw(0x131, word(X), rsp == param(15 | (1 << 8)) ? 1 : 100);
}

/** INIT, state, SIPI starts an AP; without the state it stays off, and INIT forgets one that was told before. */
function startByState(): void {
  vmiInit(param(14));
  const icr: i64 = param(10 | (1 << 8)) << 32;
  store64(word(STATE), codeAddr(started.index, 0));
  store64(word(STATE) + 8, readCr(3));
  store64(word(STATE) + 16, param(15 | (1 << 8)));
  for (let early = 0; early < 2; early++) {
    if (early) setApState(word(STATE), param(10 | (1 << 8)) as i32);
    wrmsr(ICR, icr | 0x4500);
    wrmsr(ICR, icr | 0x4608);
    for (let i = 0; i < 20; i++) pause();
    expectEq(86, state(1, 0), 0);
  }
  wrmsr(ICR, icr | 0x4500);
  setApState(word(STATE), param(10 | (1 << 8)) as i32);
  wrmsr(ICR, icr | 0x4608);
  while (load64(word(X)) == 0) pause();
  expectEq(86, load64(word(X)), 1);
}

/** Private words: where the kernel is, and where it was when the interrupt came. */
const PLACE: usize = 240;
const SEEN: usize = 248;

function onSent(frame: i64): void {
  store<i64>(ALARMS, load<i64>(ALARMS) + 1);
  store<i64>(SEEN, load<i64>(PLACE));
  wrmsr(EOI, 0);
  iret(frame);
}

/**
 * Role 1 masks by the word that it shares with the host half, and halts until role 0's interrupt, unless it has come. Outcome: 1 it came
 * before the mask, 2 later; and what the vCPU was doing when it was sent. Seed 1: the ROM enables interrupts before it calls the host half.
 */
function haltUntilSent(role: i32): void {
  quiet(1);
  if (role == 1) {
    vmiInit(param(14));
    if (param(3) == 1) haltsEarly();
    setGate(ALARM_VECTOR, onSent);
    store<i64>(ALARMS, 0);
    store<i64>(PLACE, 1);
  }
  barrier(1);
  quiet(0);
  if (role == 0) {
    outcome(1, state(1, 0));
    wrmsr(ICR, (param(10 | (1 << 8)) << 32) | ALARM_VECTOR);
    return;
  }
  store64(param(14), 0);
  store<i64>(PLACE, 2);
  if (load<i64>(ALARMS) == 0) vmiHalt();
  expectEq(77, load<i64>(ALARMS), 1);
  outcome(0, load<i64>(SEEN));
}
