/** rule.processor.1: descriptor tables and the registers that name segments in them. */

import * as machine from "../../sdk/as/machine";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";
import { me } from "../lib/case";
import { exception, GP, NP, raised, recordExceptions, TS } from "../lib/exceptions";
import { holds, same } from "../lib/expect";
import { FIRST_VECTOR, gate } from "../lib/interrupts";
import { direct, FRAME_DATA, frame } from "../lib/memory";
import { page, place } from "../lib/paging";

const NON_CANONICAL: i64 = 0x0000800000000000;
const DESCRIPTOR_BYTES: i32 = 16;
const TYPE_LDT: i64 = 2;
const TYPE_TSS: i64 = 9;
const BUSY: i64 = 0xb;
const PRESENT: i64 = 1 << 47;
/** Where the task state segment holds the first of the stacks that a gate may name. */
const IST1: i64 = 0x24;
const VECTOR: i32 = FIRST_VECTOR + 7;
let handlerFrame: i64 = 0;

function noteFrame(frame: i64): void {
  handlerFrame = frame;
  machine.iret(frame);
}

/** A system descriptor of 16 bytes: | limit 15:0 | base 23:0 | type | limit 19:16 | base 31:24 | base 63:32 |. */
function describe(at: i64, base: i64, limit: i64, type: i64): void {
  const low = (limit & 0xffff) | ((base & 0xffffff) << 16) | (type << 40) | ((limit & 0xf0000) << 32) | ((base & 0xff000000) << 32);
  machine.store64(at, low);
  machine.store64(at + 8, (base >> 32) & 0xffffffff);
}

/** Copies the boot GDT to `at` and adds segments from selector 0x40 on. */
function buildDescriptors(at: i64, tss: i64): void {
  const old = test.param(test.TEST_PARAM_VCPU_GDT_VA | (me() << 8));
  for (let i: i64 = 0; i < 0x40; i += 8) machine.store64(at + i, machine.load64(old + i));
  const types = memory.data<i64>([TYPE_TSS, TYPE_TSS, TYPE_LDT, TYPE_LDT, TYPE_TSS, TYPE_TSS, TYPE_TSS]);
  for (let i = 0; i < 7; i++) {
    const limit: i64 = i === 4 ? IST1 + 6 : i === 5 ? 0x10000 : i === 6 ? IST1 + 7 : 0x67;
    const present: i64 = i === 1 || i === 3 ? 0 : PRESENT >> 40;
    describe(at + 0x40 + i * DESCRIPTOR_BYTES, tss, limit, load<i64>(types + (i << 3)) | present);
  }
  // Its upper half says that it is no system descriptor of 64-bit mode.
  describe(at + 0xb0, tss, 0x67, TYPE_TSS | (PRESENT >> 40));
  machine.store64(at + 0xb8, machine.load64(at + 0xb8) | (1 << 40));
}

function loadsTask(clause: i32, selector: i32, want: i64): void {
  const before = machine.str();
  machine.ltr(selector);
  same(clause, "exception of loading the task register", raised(), want);
  same(clause, "the task register", machine.str(), want ? before : selector);
}

function loadsLocal(clause: i32, selector: i32, want: i64): void {
  machine.lldt(selector);
  same(clause, "exception of loading a local descriptor table", raised(), want);
}

export function processor_segments(): void {
  const clause = C.rule_processor_1;
  recordExceptions();
  const table = direct(frame(FRAME_DATA));
  const tss = direct(frame(FRAME_DATA + 1));
  const stack = direct(frame(FRAME_DATA + 3));
  buildDescriptors(table, tss);
  machine.store64(tss + IST1, stack);
  machine.store64(tss + IST1 + 8, stack - 512);
  const idt = test.param(test.TEST_PARAM_IDT_VA);
  gate(idt, VECTOR, noteFrame.index);
  machine.store8(idt + VECTOR * 16 + 4, 1);
  machine.lgdt(table, 0xbf);
  const old = machine.str();
  const busy = machine.load64(table + 0x40) | (BUSY << 40);
  loadsTask(clause, 0x40, 0);
  same(clause, "the descriptor of the task that is loaded", machine.load64(table + 0x40), busy);
  machine.int_n(VECTOR);
  same(clause, "frame on the stack that the task state segment names", handlerFrame, stack - 40);
  loadsTask(clause, 0, exception(GP));
  loadsTask(clause, 3, exception(GP));
  loadsTask(clause, 0x08, exception(GP, 0x08));
  loadsTask(clause, 0x40, exception(GP, 0x40));
  loadsTask(clause, 0x50, exception(NP, 0x50));
  loadsTask(clause, 0x60, exception(GP, 0x60));
  loadsTask(clause, 0x84, exception(GP, 0x84));
  loadsTask(clause, 0xb3, exception(GP, 0xb0));
  loadsTask(clause, 0xb8, exception(GP, 0xb8));
  loadsTask(clause, 0xc0, exception(GP, 0xc0));
  // A segment that ends a byte before the stack's address does, one that needs the upper limit bits, one that is just enough.
  loadsTask(clause, 0x80, 0);
  machine.int_n(VECTOR);
  same(clause, "exception of a stack beyond the segment", raised(), exception(TS, 0x80));
  loadsTask(clause, 0x90, 0);
  machine.int_n(VECTOR);
  loadsTask(clause, 0xa2, 0);
  machine.int_n(VECTOR);
  same(clause, "exceptions of stacks within the segment", raised(), 0);
  loadsLocal(clause, 0x60, 0);
  loadsLocal(clause, 0, 0);
  loadsLocal(clause, 0x63, 0);
  loadsLocal(clause, 2, 0);
  loadsLocal(clause, 0x40, exception(GP, 0x40));
  loadsLocal(clause, 0x08, exception(GP, 0x08));
  loadsLocal(clause, 0x72, exception(NP, 0x70));
  loadsLocal(clause, 0x64, exception(GP, 0x64));
  loadsLocal(clause, 0x100c0, exception(GP, 0xc0));
  machine.lgdt(table, 0x6e);
  loadsLocal(clause, 0x60, exception(GP, 0x60));
  machine.lgdt(table, 0x6f);
  loadsLocal(clause, 0x60, 0);
  machine.lgdt(table, 0x1006f);
  loadsLocal(clause, 0x60, 0);
  loadsLocal(clause, 0x70, exception(GP, 0x70));
  machine.lgdt(NON_CANONICAL, 0xbf);
  same(clause, "exception of a table at no address", raised(), exception(GP));
  machine.lidt(NON_CANONICAL, 0xbf);
  same(clause, "exception of a table at no address", raised(), exception(GP));
  loadsLocal(clause, 0x60, 0);
  machine.lgdt(test.param(test.TEST_PARAM_VCPU_GDT_VA | (me() << 8)), 0x3f);
  holds(clause, "the task register has changed", machine.str() !== old);
}

/** The table begins near the end of a page: one descriptor lies across, the others on the next page. */
export function processor_descriptor_pages(): void {
  const clause = C.rule_processor_1;
  const tss = direct(frame(FRAME_DATA + 4));
  place(30, 0);
  place(31, 2);
  machine.store64(tss + IST1, page(31) + 2048);
  const idt = test.param(test.TEST_PARAM_IDT_VA);
  gate(idt, VECTOR, noteFrame.index);
  machine.store8(idt + VECTOR * 16 + 4, 1);
  for (let turn = 0; turn < 2; turn++) {
    // Its lower half lies across, then its upper half begins a page.
    const table = page(31) - 0x44 - turn * 4;
    buildDescriptors(table, tss);
    machine.lgdt(table, 0xbf);
    machine.ltr(0x40);
    same(clause, "the task register", machine.str(), 0x40);
    machine.int_n(VECTOR);
    same(clause, "frame on the stack that the task state segment names", handlerFrame, page(31) + 2048 - 40);
    machine.lldt(0x60);
  }
  const table = page(31) - 0x4c;
  buildDescriptors(table, tss);
  machine.lgdt(table, 0xbf);
  machine.ltr(0x40);
  machine.int_n(VECTOR);
  same(clause, "frame on the stack that a segment with an upper half across pages names", handlerFrame, page(31) + 2048 - 40);
  machine.lgdt(test.param(test.TEST_PARAM_VCPU_GDT_VA | (me() << 8)), 0x3f);
}
