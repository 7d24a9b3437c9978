/** apic.*: registers of the local APIC, the command register, the timer. */

import * as info from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import * as pvi from "../../sdk/as/pvi";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";
import { begin, finish, me, vcpus } from "../lib/case";
import { atLeast, atMost, holds, same } from "../lib/expect";
import { boundaries, delivered, FIRST_VECTOR, faults, HIGH_VECTOR, isPending, nmisTaken, onInterrupt, raise, taken, waitTaken } from "../lib/interrupts";
import { post, see } from "../lib/memory";


const ID: i32 = 0x20;
const VERSION: i32 = 0x30;
const TPR: i32 = 0x80;
const SVR: i32 = 0xf0;
const ISR: i32 = 0x100;
const IRR: i32 = 0x200;
const ESR: i32 = 0x280;
const LVT_TIMER: i32 = 0x320;
const LVT_LINT0: i32 = 0x350;
const MESSAGE: i32 = 0;
let seenInHandler: i64 = -1;

export function apic_read_registers(role: i32): void {
  const id = test.param(test.TEST_PARAM_APIC_ID | (role << 8));
  same(C.apic_read_1, "the APIC id", pvi.apic_read(ID), id);
  same(C.apic_read_1, "the version", pvi.apic_read(VERSION) & 0xff, 0x14);
  holds(C.apic_read_1, "the APIC is enabled", (pvi.apic_read(SVR) & 0x100) !== 0);
  machine.cli();
  raise(me(), FIRST_VECTOR + role);
  same(C.apic_read_1, "IRR bits of vectors 0x40 to 0x5F", pvi.apic_read(IRR + 0x20), 1 << role);
  same(C.apic_read_1, "ISR bits of vectors 0x40 to 0x5F", pvi.apic_read(ISR + 0x20), 0);
  finish();
}

export function apic_read_refused(): void {
  const refused = memory.data<i32>([0x00, 0x10, 0x21, 0x28, 0x40, 0xb0, 0x290, 0x300, 0x310, 0x3f0, 0x400, -16, 0x10020]);
  const before = faults();
  for (let i = 0; i < 13; i++)
    same(C.apic_read_2, "result where no register is", pvi.apic_read(load<i32>(refused + (i << 2))), info.E_INVAL);
  same(C.apic_read_2, "faults", faults(), before);
}

export function apic_write_priority(): void {
  same(C.apic_write_1, "result of raising the priority", pvi.apic_write(TPR, 0x40), 0);
  raise(me(), FIRST_VECTOR);
  raise(me(), HIGH_VECTOR);
  boundaries(2);
  same(C.apic_write_1, "interrupts of the class held back", taken(FIRST_VECTOR), 0);
  same(C.apic_write_1, "interrupts of a higher class", taken(HIGH_VECTOR), 1);
  same(C.apic_write_1, "the priority read back", pvi.apic_read(TPR), 0x40);
  same(C.apic_write_1, "result of lowering the priority", pvi.apic_write(TPR, 0x30), 0);
  boundaries(2);
  same(C.apic_write_1, "interrupts of the class let pass", taken(FIRST_VECTOR), 1);
  same(C.apic_write_1, "result of clearing the error status", pvi.apic_write(ESR, 0), 0);
  expectTaken(SVR, 0x1f7);
  expectTaken(LVT_TIMER, 0x500fe);
  expectTaken(LVT_LINT0, 0x1a0fe);
}

function expectTaken(register: i32, value: i32): void {
  same(C.apic_write_1, "result of a value that the register can hold", pvi.apic_write(register, value), 0);
  same(C.apic_write_1, "the register read back", pvi.apic_read(register), value);
}

export function apic_write_own(role: i32): void {
  if (role === 0) pvi.apic_write(TPR, 0x40);
  test.barrier(1);
  if (role === 1) {
    same(C.apic_write_2, "the bystander's priority", pvi.apic_read(TPR), 0);
    raise(me(), FIRST_VECTOR);
    boundaries(2);
    same(C.apic_write_2, "interrupts taken by the bystander", taken(FIRST_VECTOR), 1);
  }
}

export function apic_write_refused(): void {
  const before = faults();
  const svr = pvi.apic_read(SVR);
  const refused = memory.data<i32>([0x00, 0x20, 0x30, 0x84, 0xa0, 0x100, 0x200, 0x300, 0x390, 0x3f0, 0x400, -16]);
  for (let i = 0; i < 12; i++)
    same(C.apic_write_3, "result where no register is", pvi.apic_write(load<i32>(refused + (i << 2)), 0), info.E_INVAL);
  same(C.apic_write_3, "result of a priority of 9 bits", pvi.apic_write(TPR, 0x140), info.E_INVAL);
  same(C.apic_write_3, "result of an EOI that is not 0", pvi.apic_write(0xb0, 1), info.E_INVAL);
  same(C.apic_write_3, "result of an error status that is not 0", pvi.apic_write(ESR, 1), info.E_INVAL);
  same(C.apic_write_3, "result of reserved bits of SVR", pvi.apic_write(SVR, 0x3ff), info.E_INVAL);
  same(C.apic_write_3, "the SVR afterwards", pvi.apic_read(SVR), svr);
  same(C.apic_write_3, "result of reserved bits for the timer", pvi.apic_write(LVT_TIMER, 0x100040), info.E_INVAL);
  same(C.apic_write_3, "result of a reserved bit of the divider", pvi.apic_write(DIVIDER, 0x10), info.E_INVAL);
  same(C.apic_write_3, "the priority afterwards", pvi.apic_read(TPR), 0);
  same(C.apic_write_3, "faults", faults(), before);
}

const INITIAL: i32 = 0x380;
const CURRENT: i32 = 0x390;
const DIVIDER: i32 = 0x3e0;
const MASKED: i32 = 0x10000;
const PERIODIC: i32 = 0x20000;
const BY_DEADLINE: i32 = 0x40000;
const BY_ONE: i32 = 0xb;
const COUNT: i32 = 1_000_000_000;
const US: i64 = 1_000;

/** Ticks that the timer makes in `ns` with a divider. */
function ticksIn(ns: i64, divider: i32): i64 {
  pvi.apic_write(DIVIDER, divider);
  pvi.apic_write(INITIAL, COUNT);
  test.advance(ns);
  return COUNT - pvi.apic_read(CURRENT);
}

/** Rates are compared with that of divider 1, which is the backend's own. */
export function apic_timer_counts(): void {
  const clause = C.apic_write_4;
  // Configurations 0 to 3 and 8 to 10 divide by 2, 4, 8, …, 128.
  const dividers = memory.data<i32>([0, 1, 2, 3, 8, 9, 10]);
  pvi.apic_write(LVT_TIMER, MASKED | FIRST_VECTOR);
  same(clause, "the timer's entry", pvi.apic_read(LVT_TIMER), MASKED | FIRST_VECTOR);
  same(clause, "the current count of a timer that does not run", pvi.apic_read(CURRENT), 0);
  const rate = ticksIn(100 * US, BY_ONE);
  atLeast(clause, "ticks in 100 us", rate, 100);
  same(clause, "the initial count", pvi.apic_read(INITIAL), COUNT);
  for (let k = 0; k < 7; k++) {
    const ticks = ticksIn((100 * US) << (k + 1), load<i32>(dividers + (k << 2)));
    atLeast(clause, "ticks in a time that is as much longer as the divider is larger", ticks, rate - (rate >> 6));
    atMost(clause, "ticks in a time that is as much longer as the divider is larger", ticks, rate + (rate >> 6));
    same(clause, "the divider", pvi.apic_read(DIVIDER), load<i32>(dividers + (k << 2)));
  }
  pvi.apic_write(DIVIDER, BY_ONE);
  pvi.apic_write(INITIAL, <i32>rate);
  test.advance(101 * US);
  same(clause, "the current count in the end", pvi.apic_read(CURRENT), 0);
  same(clause, "interrupts of a masked timer", taken(FIRST_VECTOR), 0);
}

/** Lets `ns` pass in steps of 10 us, taking interrupts. */
function pass(ns: i64): void {
  for (let left = ns; left > 0; left -= 10 * US) {
    test.advance(10 * US);
    boundaries(4);
  }
}

function takenSoFar(what: string, n: i32): void {
  same(C.apic_write_5, what, taken(FIRST_VECTOR), n);
}

export function apic_timer_expires(): void {
  pvi.apic_write(LVT_TIMER, MASKED);
  const ticks = <i32>ticksIn(100 * US, BY_ONE);
  pvi.apic_write(INITIAL, 0);
  pvi.apic_write(LVT_TIMER, FIRST_VECTOR);
  pvi.apic_write(INITIAL, ticks);
  pass(90 * US);
  takenSoFar("interrupts before the end of the count", 0);
  pass(20 * US);
  takenSoFar("interrupts after it", 1);
  pass(400 * US);
  takenSoFar("interrupts of a timer that counts once", 1);
  pvi.apic_write(LVT_TIMER, PERIODIC | FIRST_VECTOR);
  pvi.apic_write(INITIAL, ticks);
  pass(350 * US);
  takenSoFar("interrupts after three and a half periods", 4);
  atLeast(C.apic_write_5, "the current count amid a period", pvi.apic_read(CURRENT), ticks / 8);
  atMost(C.apic_write_5, "the current count amid a period", pvi.apic_read(CURRENT), ticks * 7 / 8);
  pvi.apic_write(INITIAL, 0);
  pass(200 * US);
  takenSoFar("interrupts after a count of 0", 4);
  pvi.apic_write(INITIAL, ticks);
  pvi.apic_write(LVT_TIMER, FIRST_VECTOR);
  pass(200 * US);
  takenSoFar("interrupts after a change of mode", 4);
  pvi.apic_write(LVT_TIMER, BY_DEADLINE | FIRST_VECTOR);
  pvi.apic_write(INITIAL, ticks);
  pass(200 * US);
  takenSoFar("interrupts of a count in TSC-deadline mode", 4);
  same(C.apic_write_5, "the current count in TSC-deadline mode", pvi.apic_read(CURRENT), 0);
  deadlines();
}

/** The register of the deadline is an MSR and not in the page. */
function deadlines(): void {
  const later = test.param(test.TEST_PARAM_TSC_HZ) / 10_000;
  const at = machine.rdtsc() + later;
  machine.wrmsr(machine.MSR_TSC_DEADLINE, at);
  same(C.apic_write_5, "the deadline", machine.rdmsr(machine.MSR_TSC_DEADLINE), at);
  pass(200 * US);
  takenSoFar("interrupts after the deadline", 5);
  same(C.apic_write_5, "the deadline afterwards", machine.rdmsr(machine.MSR_TSC_DEADLINE), 0);
  machine.wrmsr(machine.MSR_TSC_DEADLINE, machine.rdtsc() + later);
  pvi.apic_write(LVT_TIMER, FIRST_VECTOR);
  machine.wrmsr(machine.MSR_TSC_DEADLINE, machine.rdtsc() + later);
  pass(200 * US);
  takenSoFar("interrupts of a deadline in another mode", 5);
}

function idOf(vcpu: i32): i64 {
  return test.param(test.TEST_PARAM_APIC_ID | (vcpu << 8)) << 32;
}

/** Shorthands, bits 19:18. */
const SELF: i64 = 0x40000;
const ALL: i64 = 0x80000;
const OTHERS: i64 = 0xc0000;
const NMI: i64 = 0x400;

export function apic_icr_read_back(): void {
  const command = idOf(0) | FIRST_VECTOR;
  pvi.apic_icr_write(command);
  same(C.apic_icr_read_1, "the command", pvi.apic_icr_read(), command);
  pvi.apic_icr_write(SELF | (FIRST_VECTOR + 1));
  same(C.apic_icr_read_1, "the next command", pvi.apic_icr_read(), SELF | (FIRST_VECTOR + 1));
  waitTaken(FIRST_VECTOR + 1, 1);
}

/** vCPU 1 sends; vCPU 2 is named by its id. */
export function apic_icr_destinations(role: i32): void {
  if (role === 1) {
    same(C.apic_icr_write_1, "result of a send", pvi.apic_icr_write(idOf(2) | FIRST_VECTOR), 0);
    pvi.apic_icr_write(SELF | (FIRST_VECTOR + 1));
    pvi.apic_icr_write(ALL | (FIRST_VECTOR + 2));
    pvi.apic_icr_write(OTHERS | (FIRST_VECTOR + 3));
    pvi.apic_icr_write(idOf(3) | NMI);
  }
  waitTaken(FIRST_VECTOR + 2, 1);
  finish();
  boundaries(4);
  same(C.apic_icr_write_1, "interrupts to one id", taken(FIRST_VECTOR), role === 2 ? 1 : 0);
  same(C.apic_icr_write_1, "interrupts to self", taken(FIRST_VECTOR + 1), role === 1 ? 1 : 0);
  same(C.apic_icr_write_1, "interrupts to all", taken(FIRST_VECTOR + 2), 1);
  same(C.apic_icr_write_1, "interrupts to all others", taken(FIRST_VECTOR + 3), role === 1 ? 0 : 1);
  same(C.apic_icr_write_1, "NMIs to one id", nmisTaken(), role === 3 ? 1 : 0);
}

function readMessage(): void {
  seenInHandler = see(MESSAGE);
}

export function apic_icr_stores(role: i32): void {
  see(MESSAGE);
  if (role === 0) {
    begin();
    post(MESSAGE, 7);
    pvi.apic_icr_write(idOf(1) | FIRST_VECTOR);
  } else {
    onInterrupt(readMessage);
    begin();
    waitTaken(FIRST_VECTOR, 1);
    same(C.apic_icr_write_2, "message as the handler saw it", seenInHandler, 7);
  }
}

export function apic_icr_refused(): void {
  const command = SELF | (FIRST_VECTOR + 1);
  pvi.apic_icr_write(command);
  waitTaken(FIRST_VECTOR + 1, 1);
  const before = faults();
  const refused = memory.data<i64>([0x40000, 0x4000f, 0x40140, 0x40340, 0x40740, 0x42040, 0x50040, 0x60040, 0x100040, 0x80040040]);
  for (let i = 0; i < 10; i++) {
    const result = pvi.apic_icr_write(load<i64>(refused + (i << 3)));
    same(C.apic_icr_write_3, "result of a command that does not exist", result, info.E_INVAL);
  }
  same(C.apic_icr_write_3, "the register afterwards", pvi.apic_icr_read(), command);
  same(C.apic_icr_write_3, "faults", faults(), before);
  boundaries(4);
  for (let vcpu = 0; vcpu < vcpus(); vcpu++)
    holds(C.apic_icr_write_3, "nothing was sent", !isPending(vcpu, FIRST_VECTOR) && delivered(vcpu, FIRST_VECTOR) === 0);
}
