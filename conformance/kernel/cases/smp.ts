/** smp.set_initial_ap_state, smp.cpu_up: vCPUs that come. */

import * as info from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import * as pvi from "../../sdk/as/pvi";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";
import { prepare } from "../lib/boot";
import { begin, me } from "../lib/case";
import { holds, same } from "../lib/expect";
import {
  boundaries,
  delivered,
  FIRST_VECTOR,
  faults,
  gate,
  interruptsOn,
  isPending,
  onInterrupt,
  raise,
  taken,
} from "../lib/interrupts";
import { direct, FRAME_DATA, frame, post, RMW_ADD64, see, waitFor, word } from "../lib/memory";
import { content, entry, GLOBAL, leaf, mapAndTouch, page, secondRoot, touch } from "../lib/paging";
import { rest, startAt, takeDown, waitDown, writeApState } from "../lib/smp";

const STARTED: i32 = 0;
const ARGUMENT: i32 = 1;
const MESSAGE: i32 = 2;
const RESULT: i32 = 3;
const SEEN: i32 = 4;
const TIMER: i32 = 14;
const FAULTS: i32 = 15;
const TARGET: i32 = 3;
/** Starts of each of two targets. */
const STARTS: i32 = 5;

/** A vCPU that says with which argument it started, and how often anybody did. */
function report(_rsp: i64): void {
  post(ARGUMENT, machine.reg(machine.RDI));
  machine.rmw(RMW_ADD64, word(STARTED), 1);
  prepare();
  pvi.irq_enable();
}

function refuses(offset: i64, value: i64): void {
  const at = writeApState(TARGET, rest.index, 0);
  machine.store64(at + offset, value);
  const result = pvi.smp_set_initial_ap_state(TARGET, at);
  same(C.smp_set_initial_ap_state_1, "result for a state that no vCPU can have", result, info.E_INVAL);
  same(C.smp_set_initial_ap_state_2, "result of starting without a state", pvi.smp_cpu_up(TARGET), info.E_INVAL);
}

export function smp_state_refused(): void {
  takeDown(TARGET);
  const noncanonical: i64 = 0x0000_8000_0000_0000;
  refuses(info.AP_RIP, noncanonical);
  refuses(info.AP_RSP, noncanonical);
  refuses(info.AP_GDT_BASE, noncanonical);
  refuses(info.AP_IDT_BASE, -1 ^ noncanonical);
  refuses(info.AP_FS_BASE, noncanonical);
  refuses(info.AP_GS_BASE, noncanonical);
  refuses(info.AP_CR3, (<i64>1 << 62) | machine.read_cr(3));
  refuses(info.AP_CR0, machine.read_cr(0) & ~1);
  refuses(info.AP_CR0, machine.read_cr(0) & 0x7fff_ffff);
  refuses(info.AP_CR0, machine.read_cr(0) | 0x2000_0000);
  refuses(info.AP_CR0, machine.read_cr(0) | (<i64>1 << 40));
  refuses(info.AP_CR4, machine.read_cr(4) & ~0x20);
  refuses(info.AP_CR4, machine.read_cr(4) | (<i64>1 << 31));
  refuses(info.AP_EFER, 0x801);
  refuses(info.AP_EFER, 0x501 | (<i64>1 << 20));
  refuses(info.AP_CR3, machine.read_cr(3) | 1);
  refuses(info.AP_GDT_LIMIT, 0x10000);
  refuses(info.AP_IDT_LIMIT - 4, 0x10000_0000_003f);
  same(C.smp_set_initial_ap_state_2, "result with a good state", startAt(TARGET, report.index), 0);
  waitFor(STARTED, 1);
}

export function smp_state_bad_target(): void {
  const at = writeApState(TARGET, rest.index, 0);
  same(C.smp_set_initial_ap_state_3, "result for a vCPU that is up", pvi.smp_set_initial_ap_state(TARGET, at), info.E_BUSY);
  same(C.smp_set_initial_ap_state_3, "result for the caller", pvi.smp_set_initial_ap_state(me(), at), info.E_BUSY);
  const absent = memory.data<i32>([8, 255, 0x7fffffff, -1]);
  for (let i = 0; i < 4; i++) {
    const result = pvi.smp_set_initial_ap_state(load<i32>(absent + (i << 2)), at);
    same(C.smp_set_initial_ap_state_3, "result for an index without a vCPU", result, info.E_INVAL);
  }
  takeDown(TARGET);
  same(C.smp_set_initial_ap_state_3, "result for a vCPU that is down", pvi.smp_set_initial_ap_state(TARGET, at), 0);
  same(C.smp_set_initial_ap_state_3, "result for one with a state", pvi.smp_set_initial_ap_state(TARGET, at), info.E_BUSY);
}

export function smp_state_read_once(): void {
  takeDown(TARGET);
  const at = writeApState(TARGET, report.index, 41);
  pvi.smp_set_initial_ap_state(TARGET, at);
  machine.store64(at + info.AP_ARGUMENT, 42);
  machine.mfence();
  pvi.smp_cpu_up(TARGET);
  waitFor(STARTED, 1);
  same(C.smp_set_initial_ap_state_4, "argument of the started vCPU", see(ARGUMENT), 41);
}

/** Each starter offers its own argument; the one that succeeds starts the target. */
export function smp_state_race(role: i32): void {
  if (role === 0) takeDown(TARGET);
  const at = writeApState(TARGET, report.index, 100 + role);
  see(RESULT + role);
  begin();
  const result = pvi.smp_set_initial_ap_state(TARGET, at);
  test.quiet(1);
  post(RESULT + role, result === 0 ? 1 : -result);
  test.barrier(2);
  if (role === 1) return;
  const busy: i64 = -info.E_BUSY;
  same(C.smp_set_initial_ap_state_5, "the two results", see(RESULT) + see(RESULT + 1), 1 + busy);
  pvi.smp_cpu_up(TARGET);
  waitFor(STARTED, 1);
  same(C.smp_set_initial_ap_state_5, "argument of the started vCPU", see(ARGUMENT), see(RESULT) === 1 ? 100 : 101);
}

function copyState(to: i64, from: i64): void {
  for (let i: i64 = 0; i < info.AP_STATE_BYTES; i += 8) machine.store64(to + i, machine.load64(from + i));
}

export function smp_state_address(): void {
  takeDown(TARGET);
  const at = writeApState(TARGET, rest.index, 0);
  // Behind the page there is nothing.
  mapAndTouch(1, 0);
  const last = page(2) - info.AP_STATE_BYTES;
  for (let odd: i64 = 1; odd < 8; odd <<= 1) {
    copyState(last - 16 + odd, at);
    const result = pvi.smp_set_initial_ap_state(TARGET, last - 16 + odd);
    same(C.smp_set_initial_ap_state_6, "result for an address that is not 8-aligned", result, info.E_INVAL);
  }
  pvi.mmu_set_pte(entry(2), leaf(1));
  touch(2);
  copyState(last + 8, at);
  same(C.smp_set_initial_ap_state_6, "result across a page", pvi.smp_set_initial_ap_state(TARGET, last + 8), info.E_INVAL);
  pvi.mmu_set_pte(entry(2), 0);
  pvi.mmu_flush_tlb_kernel();
  copyState(last - 8, at);
  takeDown(2);
  same(C.smp_set_initial_ap_state_6, "result where it is only 8-aligned", pvi.smp_set_initial_ap_state(2, last - 8), 0);
  copyState(last, at);
  same(C.smp_set_initial_ap_state_6, "result at the end of a page", pvi.smp_set_initial_ap_state(TARGET, last), 0);
  same(C.smp_set_initial_ap_state_6, "faults", faults(), 0);
}

function sayTaken(): void {
  post(SEEN, 1);
}

/** Uses no descriptor before it has loaded tables that are there. */
function startWithoutTables(_rsp: i64): void {
  machine.lgdt(test.param(test.TEST_PARAM_VCPU_GDT_VA | (TARGET << 8)), 0x3f);
  prepare();
  onInterrupt(sayTaken);
  post(FAULTS, faults());
  machine.rmw(RMW_ADD64, word(STARTED), 1);
  pvi.irq_enable();
  while (see(SEEN) === 0) machine.pause();
}

export function smp_state_unmapped_tables(): void {
  const clause = C.smp_set_initial_ap_state_7;
  takeDown(TARGET);
  const at = writeApState(TARGET, startWithoutTables.index, 0);
  machine.store64(at + info.AP_GDT_BASE, page(3));
  machine.store64(at + info.AP_IDT_BASE, page(3));
  const result = pvi.smp_set_initial_ap_state(TARGET, at);
  same(clause, "result, 0 or E_INVAL", result, result === 0 ? 0 : info.E_INVAL);
  same(clause, "result of the start", result === 0 ? pvi.smp_cpu_up(TARGET) : startAt(TARGET, startWithoutTables.index), 0);
  waitFor(STARTED, 1);
  raise(TARGET, FIRST_VECTOR + 6);
  waitFor(SEEN, 1);
  same(clause, "faults of the target", see(FAULTS), 0);
  same(clause, "faults of the caller", faults(), 0);
}

const REGISTERS: i32 = 5;
const KERNEL_CODE: i32 = 0x08;
const NEW_CODE: i32 = 0x40;
const MSR_EFER: i32 = 0xc000_0080;
const MSR_FS_BASE: i32 = 0xc000_0100;
const MSR_GS_BASE: i32 = 0xc000_0101;

/** Takes an interrupt through the state's own IDT. */
function onSpecial(frame: i64): void {
  post(REGISTERS + 8, 1);
  machine.wrmsr(machine.MSR_X2APIC_EOI, 0);
  machine.iret(frame);
}

function reportRegisters(rsp: i64): void {
  post(REGISTERS, machine.reg(machine.RDI));
  post(REGISTERS + 1, rsp === machine.reg(machine.RSP) ? rsp : -1);
  post(REGISTERS + 2, machine.read_cr(0));
  post(REGISTERS + 3, machine.read_cr(3));
  post(REGISTERS + 4, machine.read_cr(4));
  post(REGISTERS + 5, machine.rdmsr(MSR_EFER));
  post(REGISTERS + 6, machine.rdmsr(MSR_FS_BASE));
  post(REGISTERS + 7, machine.rdmsr(MSR_GS_BASE));
  pvi.irq_enable();
  while (see(REGISTERS + 8) === 0) machine.pause();
  post(STARTED, 1);
}

/** A GDT at `gdt` with one entry more than the kernel's has: another selector of its code segment, which the gate then names. */
function writeTables(gdt: i64, idt: i64, vector: i32): void {
  const own = test.param(test.TEST_PARAM_VCPU_GDT_VA | (TARGET << 8));
  for (let i: i64 = 0; i < 8; i++) machine.store64(gdt + i * 8, machine.load64(own + i * 8));
  machine.store64(gdt + NEW_CODE, machine.load64(own + KERNEL_CODE));
  gate(idt, vector, onSpecial.index);
  machine.store16(idt + vector * 16 + 2, NEW_CODE);
}

/** A state that differs from what the vCPU had: second root, other stack, other control bits, a GDT and an IDT of its own. */
export function smp_start_registers(): void {
  const idt = direct(frame(FRAME_DATA + 7));
  const gdt = direct(frame(FRAME_DATA + 6));
  const trampoline = direct(test.param(test.TEST_PARAM_TRAMPOLINE_GPA));
  const stack = test.param(test.TEST_PARAM_STACK_TOP | (TARGET << 8)) - 256;
  takeDown(TARGET);
  writeTables(gdt, idt, FIRST_VECTOR + 7);
  // What the kernel's own start of its vCPUs left there must not help.
  for (let i = 0; i < 3; i++) machine.store64(trampoline + i * 8, 0);
  const at = writeApState(TARGET, reportRegisters.index, 0x1234_5678_9abc_def0);
  machine.store64(at + info.AP_RSP, stack);
  machine.store64(at + info.AP_CR3, secondRoot());
  machine.store64(at + info.AP_CR0, machine.read_cr(0) ^ 8);
  machine.store64(at + info.AP_CR4, machine.read_cr(4) ^ 5);
  machine.store64(at + info.AP_EFER, 0xd00);
  machine.store64(at + info.AP_FS_BASE, 0x7fff_0000_1000);
  machine.store64(at + info.AP_GS_BASE, page(3));
  machine.store64(at + info.AP_IDT_BASE, idt);
  machine.store64(at + info.AP_GDT_BASE, gdt);
  machine.store32(at + info.AP_GDT_LIMIT, NEW_CODE + 7);
  pvi.smp_set_initial_ap_state(TARGET, at);
  const first = test.peek(0);
  same(C.smp_cpu_up_1, "result of the start", pvi.smp_cpu_up(TARGET), 0);
  same(C.smp_cpu_up_1, "first word of memory, where no trampoline was given", test.peek(0), first);
  raise(TARGET, FIRST_VECTOR + 7);
  waitFor(STARTED, 1);
  same(C.smp_cpu_up_1, "the argument", see(REGISTERS), 0x1234_5678_9abc_def0);
  same(C.smp_cpu_up_1, "RSP", see(REGISTERS + 1), stack);
  same(C.smp_cpu_up_1, "CR0", see(REGISTERS + 2), machine.read_cr(0) ^ 8);
  same(C.smp_cpu_up_1, "CR3", see(REGISTERS + 3), secondRoot());
  same(C.smp_cpu_up_1, "CR4", see(REGISTERS + 4), machine.read_cr(4) ^ 5);
  same(C.smp_cpu_up_1, "EFER", see(REGISTERS + 5), 0xd00);
  same(C.smp_cpu_up_1, "FS base", see(REGISTERS + 6), 0x7fff_0000_1000);
  same(C.smp_cpu_up_1, "GS base", see(REGISTERS + 7), page(3));
}

/** The local APIC's timer. */
const MSR_COUNT_INITIAL: i32 = 0x838;
const MSR_COUNT_CURRENT: i32 = 0x839;
const MSR_DIVIDE: i32 = 0x83e;
const DIVIDE_BY_1: i64 = 0xb;
const LVT_MASKED: i64 = 0x10000;

/** Bits of the timer's registers that are not as after INIT: masked, one-shot, nothing to count. */
function timerLeft(): i64 {
  const lvt = machine.rdmsr(machine.MSR_X2APIC_LVT_TIMER) ^ LVT_MASKED;
  return lvt | machine.rdmsr(MSR_COUNT_INITIAL) | machine.rdmsr(MSR_COUNT_CURRENT) | machine.rdmsr(MSR_DIVIDE) | machine.rdmsr(machine.MSR_TSC_DEADLINE);
}

function reportClean(_rsp: i64): void {
  post(RESULT, interruptsOn(me()) ? 1 : 0);
  post(TIMER, timerLeft());
  post(SEEN, touch(1) - content(1) + touch(2) - content(3));
  const before = faults();
  prepare();
  post(FAULTS, faults() - before);
  pvi.irq_enable();
  boundaries(4);
  machine.rmw(RMW_ADD64, word(STARTED), 1);
}

/** vCPU 3 leaves with an interrupt pending, and with translations that change meanwhile. */
export function smp_start_clean(role: i32): void {
  const vector = FIRST_VECTOR + 1;
  if (role === 1) {
    mapAndTouch(1, 0);
    mapAndTouch(2, 2, GLOBAL);
    machine.cli();
    machine.wrmsr(machine.MSR_X2APIC_LVT_TIMER, vector);
    machine.wrmsr(MSR_DIVIDE, DIVIDE_BY_1);
    machine.wrmsr(MSR_COUNT_INITIAL, 0x7fff_ffff);
    raise(me(), vector);
    pvi.smp_cpu_down(me());
    test.fail(C.smp_cpu_up_2, 1);
  }
  const before = delivered(TARGET, vector);
  waitDown(TARGET);
  pvi.mmu_set_pte(entry(1), leaf(1));
  pvi.mmu_set_pte(entry(2), leaf(3, GLOBAL));
  startAt(TARGET, reportClean.index);
  waitFor(STARTED, 1);
  same(C.smp_cpu_up_2, "whether interrupts were enabled at the start", see(RESULT), 0);
  same(C.smp_cpu_up_2, "interrupts delivered that came before", delivered(TARGET, vector), before);
  holds(C.smp_cpu_up_2, "the interrupt is not pending any more", !isPending(TARGET, vector));
  same(C.smp_cpu_up_2, "difference of what was seen through new page tables", see(SEEN), 0);
  same(C.smp_cpu_up_2, "what is left in the timer's registers", see(TIMER), 0);
  // Whoever is taken down has given nothing back.
  takeDown(TARGET);
  startAt(TARGET, reportClean.index);
  waitFor(STARTED, 2);
  same(C.smp_cpu_up_2, "faults of the guest half's own start", see(FAULTS), 0);
  same(C.smp_cpu_up_2, "what is left in the timer's registers of one that was taken down", see(TIMER), 0);
}

export function smp_start_refused(): void {
  same(C.smp_cpu_up_3, "result for a vCPU that is up", pvi.smp_cpu_up(TARGET), info.E_BUSY);
  same(C.smp_cpu_up_3, "result for the caller", pvi.smp_cpu_up(me()), info.E_BUSY);
  const absent = memory.data<i32>([8, 255, 0x7fffffff, -1]);
  for (let i = 0; i < 4; i++)
    same(C.smp_cpu_up_3, "result for an index without a vCPU", pvi.smp_cpu_up(load<i32>(absent + (i << 2))), info.E_INVAL);
  takeDown(TARGET);
  same(C.smp_cpu_up_3, "result without a state", pvi.smp_cpu_up(TARGET), info.E_INVAL);
  same(C.smp_cpu_up_3, "whether the vCPU is up now", pvi.smp_is_up(TARGET), 0);
}

export function smp_start_race(role: i32): void {
  if (role === 0) {
    takeDown(TARGET);
    pvi.smp_set_initial_ap_state(TARGET, writeApState(TARGET, report.index, 5));
  }
  see(RESULT + role);
  begin();
  const result = pvi.smp_cpu_up(TARGET);
  test.quiet(1);
  post(RESULT + role, result === 0 ? 1 : -result);
  test.barrier(2);
  if (role === 1) return;
  const busy: i64 = -info.E_BUSY;
  same(C.smp_cpu_up_4, "the two results", see(RESULT) + see(RESULT + 1), 1 + busy);
  while (see(STARTED) === 0) machine.pause();
  for (let i = 0; i < 16; i++) machine.pause();
  same(C.smp_cpu_up_4, "starts of the target", see(STARTED), 1);
}

/** Counts in the shared word that is the start's argument. */
function countOwn(_rsp: i64): void {
  machine.rmw(RMW_ADD64, word(<i32>machine.reg(machine.RDI)), 1);
  prepare();
  pvi.irq_enable();
}

/** Two vCPUs start one each; both targets have been started and taken down before. */
export function smp_start_two(role: i32): void {
  const target = TARGET - role;
  takeDown(target);
  startAt(target, countOwn.index, STARTS + role);
  waitFor(STARTS + role, 1);
  takeDown(target);
  pvi.smp_set_initial_ap_state(target, writeApState(target, countOwn.index, STARTS + role));
  begin();
  same(C.smp_cpu_up_1, "result of the start", pvi.smp_cpu_up(target), 0);
  test.quiet(1);
  waitFor(STARTS + role, 2);
  test.barrier(2);
}

function reportMessage(_rsp: i64): void {
  post(SEEN, see(MESSAGE));
  post(STARTED, 1);
}

export function smp_start_stores(): void {
  see(MESSAGE);
  takeDown(TARGET);
  pvi.smp_set_initial_ap_state(TARGET, writeApState(TARGET, reportMessage.index, 77));
  begin();
  post(MESSAGE, 7);
  pvi.smp_cpu_up(TARGET);
  waitFor(STARTED, 1);
  same(C.smp_cpu_up_5, "message as the target saw it", see(SEEN), 7);
}

/** The leaver may be anywhere between its last instruction and its halt when INIT and SIPI come. */
export function smp_start_while_leaving(role: i32): void {
  begin();
  if (role === 1) {
    pvi.smp_cpu_down(me());
    test.fail(C.smp_cpu_up_6, 1);
  }
  waitDown(TARGET);
  same(C.smp_cpu_up_6, "result of the start", startAt(TARGET, report.index), 0);
  waitFor(STARTED, 1);
  same(C.smp_cpu_up_6, "starts of the target", see(STARTED), 1);
}
