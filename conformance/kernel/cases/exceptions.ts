/** rule.processor.2: exceptions with their codes, on their way to a handler. */

import * as machine from "../../sdk/as/machine";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";
import { me } from "../lib/case";
import { DF, exception, faultAddress, GP, mendNext, NP, PF, raised, recordExceptions, UD } from "../lib/exceptions";
import { holds, same } from "../lib/expect";
import { boundaries, delivered, FIRST_VECTOR, gate, nmisTaken, raise, realTime, taken } from "../lib/interrupts";
import { direct, FRAME_DATA, frame } from "../lib/memory";
import { content, entry, leaf, page, place, put } from "../lib/paging";

const WRITABLE: i64 = 2;
const RESERVED: i64 = 1 << 40;
const NO_EXECUTE: i64 = i64.MIN_VALUE;
const RET: i32 = 0xc3;
const INT3: i32 = 0xcc;
const VECTOR: i32 = FIRST_VECTOR + 7;

function faultsAt(clause: i32, va: i64, error: i32): void {
  same(clause, "exception of the access", raised(), exception(PF, error));
  same(clause, "address of the fault", faultAddress(), va);
}

function loads(clause: i32, va: i64, error: i32): void {
  machine.load64(va);
  faultsAt(clause, va, error);
}

function stores(clause: i32, va: i64, error: i32): void {
  machine.store8(va, 1);
  machine.mfence();
  faultsAt(clause, va, error);
}

let executed: i32 = 0;

function makeExecutable(_frame: i64): void {
  put(executed, leaf(3));
}

/** The handler lets the page be executed: it then holds RET. */
function executes(clause: i32, i: i32, error: i32): void {
  const before = machine.load64(entry(i));
  machine.store8(direct(frame(FRAME_DATA + 3)), RET);
  executed = i;
  mendNext(makeExecutable);
  machine.exec(page(i));
  faultsAt(clause, page(i), error);
  put(i, before);
}

export function processor_page_faults(): void {
  const clause = C.rule_processor_2;
  recordExceptions();
  put(32, 0);
  loads(clause, page(32) + 0x128, 0);
  stores(clause, page(32) + 0xfff, 2);
  executes(clause, 32, 0x10);
  put(33, leaf(1) & ~WRITABLE);
  stores(clause, page(33) + 8, 3);
  same(clause, "content of a page that cannot be written", machine.load64(page(33)), content(1));
  same(clause, "its second word", machine.load64(page(33) + 8), machine.load64(direct(frame(FRAME_DATA + 1)) + 8));
  put(34, leaf(2) | RESERVED);
  loads(clause, page(34), 9);
  stores(clause, page(34) + 1, 0xb);
  executes(clause, 34, 0x19);
  put(35, leaf(3) | NO_EXECUTE);
  executes(clause, 35, 0x11);
  machine.load64(page(35));
  place(35, 3);
  machine.exec(page(35));
  same(clause, "exceptions of what is allowed", raised(), 0);
  // Across two pages: the fault is that of the second.
  place(31, 0);
  machine.load64(page(32) - 3);
  faultsAt(clause, page(32), 0);
  machine.store64(page(32) - 5, -1);
  machine.mfence();
  faultsAt(clause, page(32), 2);
}

function makePresent(_frame: i64): void {
  machine.store64(entry(36), leaf(4));
}

/** What mends the cause needs no flush: absent entries are not remembered. The access runs again, from its beginning. */
export function processor_fault_restarts(): void {
  const clause = C.rule_processor_2;
  recordExceptions();
  put(36, 0);
  mendNext(makePresent);
  same(clause, "a load that faulted and ran again", machine.load64(page(36)), content(4));
  same(clause, "its exception", raised(), exception(PF));
  put(36, 0);
  mendNext(makePresent);
  const old = machine.rmw(machine.RMW_ADD | machine.SIZE_64 | machine.LOCK, page(36), 5);
  same(clause, "an addition that faulted and ran again", old, content(4));
  same(clause, "its exception", raised(), exception(PF, 2));
  same(clause, "the sum", machine.load64(page(36)), content(4) + 5);
}

let seenFrame: i64 = 0;
let seenRip: i64 = 0;

function note(frame: i64): void {
  seenFrame = frame;
  seenRip = machine.load64(frame);
  machine.iret(frame);
}

/** Takes the gate of a vector away; returns what it was. */
function close(vector: i32): i64 {
  const at = test.param(test.TEST_PARAM_IDT_VA) + vector * 16;
  const old = machine.load64(at);
  machine.store64(at, old & ~((<i64>1) << 47));
  return old;
}

function open(vector: i32, old: i64): void {
  machine.store64(test.param(test.TEST_PARAM_IDT_VA) + vector * 16, old);
}

function causeProtection(): void {
  machine.rdmsr(0x11);
}

export function processor_double_faults(): void {
  const clause = C.rule_processor_2;
  recordExceptions();
  put(32, 0);
  let old = close(GP);
  causeProtection();
  same(clause, "a #GP that cannot be delivered", raised(), exception(DF));
  open(GP, old);
  old = close(PF);
  machine.load64(page(32));
  same(clause, "a #PF that cannot be delivered", raised(), exception(DF));
  open(PF, old);
  old = close(UD);
  machine.ud();
  same(clause, "a #UD that cannot be delivered, which is benign", raised(), exception(NP, UD * 8 + 3));
  open(UD, old);
  gate(test.param(test.TEST_PARAM_IDT_VA), VECTOR, note.index);
  old = close(VECTOR);
  machine.int_n(VECTOR);
  same(clause, "a software interrupt without a gate", raised(), exception(NP, VECTOR * 8 + 2));
  open(VECTOR, 0);
  machine.int_n(VECTOR);
  same(clause, "a software interrupt with an empty gate", raised(), exception(GP, VECTOR * 8 + 2));
  open(VECTOR, old);
  machine.lidt(test.param(test.TEST_PARAM_IDT_VA), VECTOR * 16 - 1);
  machine.int_n(VECTOR);
  same(clause, "a software interrupt beyond the table", raised(), exception(GP, VECTOR * 8 + 2));
  machine.lidt(test.param(test.TEST_PARAM_IDT_VA), VECTOR * 16 + 15);
  machine.int_n(VECTOR);
  machine.lidt(test.param(test.TEST_PARAM_IDT_VA), 256 * 16 - 1);
  same(clause, "exceptions with all gates open", raised(), 0);
  causeProtection();
  same(clause, "a #GP with its gate open", raised(), exception(GP));
}

/** The descriptor table of interrupts through a mapping whose entry was just rewritten: whatever is delivered has to find it anew. */
export function processor_delivery_finds_table(): void {
  const clause = C.rule_processor_2;
  recordExceptions();
  const idt = test.param(test.TEST_PARAM_IDT_VA);
  gate(idt, VECTOR, note.index);
  const mapping = (idt - direct(0)) | (leaf(0) & 0xfff);
  put(32, 0);
  put(38, mapping);
  machine.lidt(page(38), 256 * 16 - 1);
  put(38, mapping);
  causeProtection();
  same(clause, "a protection fault", raised(), exception(GP));
  put(38, mapping);
  loads(clause, page(32) + 64, 0);
  put(38, mapping);
  stores(clause, page(32) + 65, 2);
  put(38, mapping);
  machine.ud();
  same(clause, "an undefined instruction", raised(), exception(UD));
  put(38, mapping);
  machine.ltr(8);
  same(clause, "a protection fault with a selector", raised(), exception(GP, 8));
  put(38, mapping);
  seenFrame = 0;
  machine.int_n(VECTOR);
  same(clause, "whether a software interrupt arrived", seenFrame !== 0 ? 1 : 0, 1);
  put(38, mapping);
  raise(me(), FIRST_VECTOR);
  boundaries(2);
  same(clause, "interrupts taken", taken(FIRST_VECTOR), 1);
  put(38, mapping);
  test.plan(test.PLAN_NMI, me(), realTime() + 1, 0);
  test.advance(2);
  boundaries(2);
  same(clause, "NMIs taken", nmisTaken(), 1);
  same(clause, "exceptions besides", raised(), 0);
  machine.lidt(idt, 256 * 16 - 1);
}

/** The table of interrupts lies across two pages, the second of which is absent. */
export function processor_delivery_faults(): void {
  const clause = C.rule_processor_2;
  recordExceptions();
  const idt = test.param(test.TEST_PARAM_IDT_VA);
  const table = page(41) - VECTOR * 16;
  place(40, 5);
  place(41, 6);
  gate(idt, VECTOR, note.index);
  for (let at: i64 = 0; at < 64 * 16 + 128; at += 8) machine.store64(table + at, machine.load64(idt + at));
  put(41, 0);
  machine.lidt(table, 256 * 16 - 1);
  machine.int_n(VECTOR);
  faultsAt(clause, page(41), 0);
  put(41, leaf(6));
  seenFrame = 0;
  machine.int_n(VECTOR);
  same(clause, "whether a software interrupt arrived", seenFrame !== 0 ? 1 : 0, 1);
  same(clause, "exceptions besides", raised(), 0);
  machine.lidt(idt, 256 * 16 - 1);
}

/** INT3 and INT 3 are traps: their frame names what follows. */
export function processor_breakpoints(): void {
  const clause = C.rule_processor_2;
  recordExceptions();
  const idt = test.param(test.TEST_PARAM_IDT_VA);
  gate(idt, 3, note.index);
  gate(idt, 4, note.index);
  const code = direct(frame(FRAME_DATA + 2));
  machine.store8(code, INT3);
  machine.store8(code + 1, RET);
  machine.store8(code + 2, RET);
  place(42, 2);
  machine.exec(page(42));
  same(clause, "RIP behind a breakpoint", seenRip, page(42) + 1);
  seenRip = 0;
  machine.int_n(4);
  same(clause, "whether a software interrupt of vector 4 arrived", seenRip !== 0 ? 1 : 0, 1);
  const old = close(3);
  mendNext(openBreakpoint);
  machine.exec(page(42));
  same(clause, "a breakpoint without a gate", raised(), exception(NP, 3 * 8 + 2));
  same(clause, "RIP of that exception", faultRip, page(42));
  same(clause, "RIP behind the breakpoint", seenRip, page(42) + 1);
  open(3, old);
}

let faultRip: i64 = 0;

function openBreakpoint(frame: i64): void {
  faultRip = machine.load64(frame);
  gate(test.param(test.TEST_PARAM_IDT_VA), 3, note.index);
}
