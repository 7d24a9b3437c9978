/** smp.*: vCPUs that come and go. */

import * as info from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import * as pvi from "../../sdk/as/pvi";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";
import { prepare } from "../lib/boot";
import { begin, me, setUp, vcpus } from "../lib/case";
import { holds, same } from "../lib/expect";
import {
  boundaries,
  delivered,
  FIRST_VECTOR,
  gate,
  interruptsOn,
  isPending,
  raise,
  taken,
  waitTaken,
} from "../lib/interrupts";
import { direct, FRAME_DATA, frame, mask, post, RMW_ADD64, see, waitFor, word } from "../lib/memory";
import { content, entry, GLOBAL, leaf, mapAndTouch, page, secondRoot, touch } from "../lib/paging";
import { startAt, takeDown, waitDown, writeApState } from "../lib/smp";

const STARTED: i32 = 0;
const ARGUMENT: i32 = 1;
const MESSAGE: i32 = 2;
const RESULT: i32 = 3;
const SEEN: i32 = 4;
const TARGET: i32 = 3;

/** A vCPU that only comes to rest. */
function rest(_rsp: i64): void {
  prepare();
  pvi.irq_enable();
}

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
  refuses(info.AP_GDT_LIMIT, 0x10000);
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
  setUp();
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
  const last = direct(frame(FRAME_DATA)) + 4096 - info.AP_STATE_BYTES;
  same(C.smp_set_initial_ap_state_6, "result for an odd address", pvi.smp_set_initial_ap_state(TARGET, at + 1), info.E_INVAL);
  same(C.smp_set_initial_ap_state_6, "result for a 4-aligned one", pvi.smp_set_initial_ap_state(TARGET, at + 4), info.E_INVAL);
  copyState(last + 8, at);
  same(C.smp_set_initial_ap_state_6, "result across a page", pvi.smp_set_initial_ap_state(TARGET, last + 8), info.E_INVAL);
  copyState(last, at);
  same(C.smp_set_initial_ap_state_6, "result at the end of a page", pvi.smp_set_initial_ap_state(TARGET, last), 0);
}

const REGISTERS: i32 = 5;
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
  post(REGISTERS + 1, rsp);
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

/** A state that differs from what the vCPU had: second root, other stack, other control bits, an IDT with one gate. */
export function smp_start_registers(): void {
  const idt = direct(frame(FRAME_DATA + 7));
  const stack = test.param(test.TEST_PARAM_STACK_TOP | (TARGET << 8)) - 256;
  takeDown(TARGET);
  gate(idt, FIRST_VECTOR + 7, onSpecial.index);
  const at = writeApState(TARGET, reportRegisters.index, 0x1234_5678_9abc_def0);
  machine.store64(at + info.AP_RSP, stack);
  machine.store64(at + info.AP_CR3, secondRoot());
  machine.store64(at + info.AP_CR0, machine.read_cr(0) ^ 8);
  machine.store64(at + info.AP_CR4, machine.read_cr(4) ^ 4);
  machine.store64(at + info.AP_EFER, 0xd00);
  machine.store64(at + info.AP_FS_BASE, 0x7fff_0000_1000);
  machine.store64(at + info.AP_GS_BASE, page(3));
  machine.store64(at + info.AP_IDT_BASE, idt);
  pvi.smp_set_initial_ap_state(TARGET, at);
  same(C.smp_cpu_up_1, "result of the start", pvi.smp_cpu_up(TARGET), 0);
  raise(TARGET, FIRST_VECTOR + 7);
  waitFor(STARTED, 1);
  same(C.smp_cpu_up_1, "the argument", see(REGISTERS), 0x1234_5678_9abc_def0);
  same(C.smp_cpu_up_1, "RSP", see(REGISTERS + 1), stack);
  same(C.smp_cpu_up_1, "CR0", see(REGISTERS + 2), machine.read_cr(0) ^ 8);
  same(C.smp_cpu_up_1, "CR3", see(REGISTERS + 3), secondRoot());
  same(C.smp_cpu_up_1, "CR4", see(REGISTERS + 4), machine.read_cr(4) ^ 4);
  same(C.smp_cpu_up_1, "EFER", see(REGISTERS + 5), 0xd00);
  same(C.smp_cpu_up_1, "FS base", see(REGISTERS + 6), 0x7fff_0000_1000);
  same(C.smp_cpu_up_1, "GS base", see(REGISTERS + 7), page(3));
}

function reportClean(_rsp: i64): void {
  post(RESULT, interruptsOn(me()) ? 1 : 0);
  post(SEEN, touch(1) - content(1) + touch(2) - content(3));
  prepare();
  pvi.irq_enable();
  boundaries(4);
  post(STARTED, 1);
}

/** vCPU 3 leaves with an interrupt pending, and with translations that change meanwhile. */
export function smp_start_clean(role: i32): void {
  const vector = FIRST_VECTOR + 1;
  if (role === 1) {
    mapAndTouch(1, 0);
    mapAndTouch(2, 2, GLOBAL);
    machine.cli();
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
  setUp();
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

function reportMessage(_rsp: i64): void {
  post(SEEN, see(MESSAGE));
  post(STARTED, 1);
}

export function smp_start_stores(): void {
  setUp();
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
  setUp();
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

export function smp_down_self(role: i32): void {
  if (role === 1) {
    pvi.smp_cpu_down(me());
    post(RESULT, 1);
    test.fail(C.smp_cpu_down_1, 1);
  }
  waitDown(TARGET);
  raise(TARGET, FIRST_VECTOR);
  pvi.ipi_send_mask(mask(8), FIRST_VECTOR + 1);
  for (let i = 0; i < 64; i++) machine.pause();
  same(C.smp_cpu_down_1, "what the vCPU did behind the call", see(RESULT), 0);
  same(C.smp_cpu_down_1, "interrupts it took", delivered(TARGET, FIRST_VECTOR) + delivered(TARGET, FIRST_VECTOR + 1), 0);
  startAt(TARGET, rest.index);
}

export function smp_down_other(role: i32): void {
  if (role === 1) {
    while (true) {
      machine.rmw(RMW_ADD64, word(SEEN), 1);
      machine.pause();
    }
  }
  while (see(SEEN) < 3) machine.pause();
  same(C.smp_cpu_down_2, "result of the call", pvi.smp_cpu_down(TARGET), 0);
  waitDown(TARGET);
  const counted = see(SEEN);
  for (let i = 0; i < 64; i++) machine.pause();
  same(C.smp_cpu_down_2, "what the vCPU counted after it was down", see(SEEN), counted);
}

export function smp_down_nobody_waits(role: i32): void {
  const vector = FIRST_VECTOR + 2;
  if (role === 1) {
    pvi.mmu_set_pte(entry(1), leaf(0));
    touch(1);
    test.barrier(1);
    waitTaken(vector, 1);
    same(C.smp_cpu_down_3, "content of the flushed page", touch(1), content(1));
    return;
  }
  test.barrier(1);
  takeDown(TARGET);
  takeDown(1);
  pvi.mmu_set_pte(entry(1), leaf(1));
  same(C.smp_cpu_down_3, "result of a flush", pvi.mmu_flush_tlb_multi(mask(15), page(1), page(2), 0), 0);
  same(C.smp_cpu_down_3, "result of an IPI", pvi.ipi_send_mask(mask(14), vector), 0);
}

export function smp_down_refused(): void {
  const absent = memory.data<i32>([8, 255, 0x7fffffff, -1]);
  for (let i = 0; i < 4; i++)
    same(C.smp_cpu_down_4, "result for an index without a vCPU", pvi.smp_cpu_down(load<i32>(absent + (i << 2))), info.E_INVAL);
  for (let vcpu = 1; vcpu < vcpus(); vcpu++) takeDown(vcpu);
  same(C.smp_cpu_down_4, "result for a vCPU that is down already", pvi.smp_cpu_down(TARGET), 0);
  same(C.smp_cpu_down_4, "result for the last vCPU", pvi.smp_cpu_down(me()), info.E_BUSY);
  same(C.smp_cpu_down_4, "whether it is up still", pvi.smp_is_up(me()), 1);
  raise(me(), FIRST_VECTOR);
  boundaries(2);
  same(C.smp_cpu_down_4, "interrupts it takes still", taken(FIRST_VECTOR), 1);
}

export function smp_down_discards(): void {
  takeDown(TARGET);
  same(C.smp_cpu_down_5, "result of the first start", startAt(TARGET, rest.index), 0);
  takeDown(TARGET);
  same(C.smp_cpu_down_5, "result of a start without a new state", pvi.smp_cpu_up(TARGET), info.E_INVAL);
  same(C.smp_cpu_down_5, "result of a start with one", startAt(TARGET, report.index), 0);
  waitFor(STARTED, 1);
}

export function smp_is_up(): void {
  for (let vcpu = 0; vcpu < vcpus(); vcpu++) same(C.smp_is_up_1, "a vCPU after boot", pvi.smp_is_up(vcpu), 1);
  takeDown(TARGET);
  same(C.smp_is_up_1, "a vCPU that was taken down", pvi.smp_is_up(TARGET), 0);
  same(C.smp_is_up_1, "its neighbour", pvi.smp_is_up(2), 1);
  pvi.smp_set_initial_ap_state(TARGET, writeApState(TARGET, rest.index, 0));
  same(C.smp_is_up_1, "a vCPU that has only a state", pvi.smp_is_up(TARGET), 0);
  pvi.smp_cpu_up(TARGET);
  same(C.smp_is_up_1, "a vCPU that was started", pvi.smp_is_up(TARGET), 1);
  const absent = memory.data<i32>([8, 255, 0x7fffffff, -1]);
  same(C.smp_is_up_2, "the next index", pvi.smp_is_up(vcpus()), info.E_INVAL);
  for (let i = 0; i < 4; i++)
    same(C.smp_is_up_2, "an index without a vCPU", pvi.smp_is_up(load<i32>(absent + (i << 2))), info.E_INVAL);
}

export function smp_apic_ids(): void {
  for (let vcpu = 0; vcpu < vcpus(); vcpu++) {
    const id = <i32>test.param(test.TEST_PARAM_APIC_ID | (vcpu << 8));
    same(C.smp_apicid_to_vp_1, "index of a vCPU's APIC id", pvi.smp_apicid_to_vp(id), vcpu);
  }
  const unknown = memory.data<i32>([2, 129, 254, 255, 256, 384, 0x7fffffff, -1]);
  for (let i = 0; i < 8; i++)
    same(C.smp_apicid_to_vp_2, "an id that nobody has", pvi.smp_apicid_to_vp(load<i32>(unknown + (i << 2))), info.E_INVAL);
}
