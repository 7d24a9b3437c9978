/** rule.processor.3: translation by the guest's own tables and control registers. */

import * as machine from "../../sdk/as/machine";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";
import { begin } from "../lib/case";
import { AC, exception, mendNext, PF, raised, recordExceptions } from "../lib/exceptions";
import { same } from "../lib/expect";
import { direct, FRAME_DATA, FRAME_REGION, frame } from "../lib/memory";
import { bootRoot, content, entry, leaf, openToUser, page, place, put, touch, USER } from "../lib/paging";

const WRITABLE: i64 = 2;
const ACCESSED: i64 = 0x20;
const DIRTY: i64 = 0x40;
const LARGE: i64 = 0x80;
const NO_EXECUTE: i64 = i64.MIN_VALUE;
const TABLE: i64 = 0x23;
const ADDRESS: i64 = 0x000ffffffffff000;
const RET: i32 = 0xc3;
const CR0_WP: i64 = 1 << 16;
const CR4_SMEP: i64 = 1 << 20;
const CR4_SMAP: i64 = 1 << 21;
const FLAGS_AC: i64 = 1 << 18;
const EFER: i32 = 0xc0000080;
const EFER_NXE: i64 = 1 << 11;
/** Bytes that one entry of a directory, a directory pointer table and a root maps. */
const DIRECTORY_SPAN: i64 = 1 << 21;
const POINTER_SPAN: i64 = 1 << 30;

function loads(clause: i32, va: i64, want: i64): void {
  machine.load64(va);
  same(clause, "exception of a load", raised(), want);
}

/** Stores the byte that is there. */
function stores(clause: i32, va: i64, want: i64): void {
  machine.store8(va, machine.load8(direct(frame(FRAME_DATA + 2)) + (va & 0xfff)));
  machine.mfence();
  same(clause, "exception of a store", raised(), want);
}

let executed: i32 = 0;

/** Lets the instruction that could not be fetched be fetched: RET, from data frame 3. */
function makeExecutable(_frame: i64): void {
  const directory = direct(frame(FRAME_REGION + 1));
  machine.store64(directory, machine.load64(directory) & ~NO_EXECUTE);
  put(executed, leaf(3));
}

function executes(clause: i32, i: i32, want: i64): void {
  const directory = machine.load64(direct(frame(FRAME_REGION + 1)));
  const before = machine.load64(entry(i));
  executed = i;
  if (want !== 0) mendNext(makeExecutable);
  machine.exec(page(i));
  same(clause, "exception of a fetch", raised(), want);
  machine.store64(direct(frame(FRAME_REGION + 1)), directory);
  put(i, before);
}

export function processor_write_protection(): void {
  const clause = C.rule_processor_3;
  recordExceptions();
  openToUser();
  const cr0 = machine.read_cr(0);
  const cr4 = machine.read_cr(4);
  put(43, leaf(2) & ~WRITABLE);
  put(44, leaf(2, USER) & ~WRITABLE);
  const refused = exception(PF, 3);
  for (let turn = 0; turn < 2; turn++) {
    if (turn === 1) machine.write_cr(4, cr4 | CR4_SMEP);
    for (let i = 43; i < 45; i++) {
      stores(clause, page(i), refused);
      machine.write_cr(0, cr0 & ~CR0_WP);
      stores(clause, page(i) + 1, 0);
      same(clause, "content of a page that was written without write protection", touch(i), content(2));
      machine.write_cr(0, cr0);
      stores(clause, page(i) + 1, refused);
      loads(clause, page(i), 0);
    }
  }
  machine.write_cr(4, cr4);
  // The directory's entry forbids it too.
  const directory = direct(frame(FRAME_REGION + 1));
  place(43, 2);
  machine.store64(directory, machine.load64(directory) & ~WRITABLE);
  machine.invlpg(page(43));
  stores(clause, page(43), refused);
  loads(clause, page(43), 0);
  machine.store64(directory, machine.load64(directory) | WRITABLE);
  machine.invlpg(page(43));
  stores(clause, page(43), 0);
}

export function processor_supervisor_protection(): void {
  const clause = C.rule_processor_3;
  recordExceptions();
  openToUser();
  const cr4 = machine.read_cr(4);
  machine.store8(direct(frame(FRAME_DATA + 3)), RET);
  put(45, leaf(3, USER));
  put(46, leaf(3));
  executes(clause, 45, 0);
  machine.write_cr(4, cr4 | CR4_SMEP);
  executes(clause, 45, exception(PF, 0x11));
  executes(clause, 46, 0);
  loads(clause, page(45), 0);
  machine.write_cr(4, cr4 | CR4_SMAP);
  executes(clause, 45, 0);
  loads(clause, page(46), 0);
  put(47, leaf(2, USER));
  loads(clause, page(47), exception(PF, 1));
  stores(clause, page(47), exception(PF, 3));
  machine.popf(machine.pushf() | FLAGS_AC);
  loads(clause, page(47), 0);
  stores(clause, page(47), 0);
  machine.popf(machine.pushf() & ~FLAGS_AC);
  put(47, leaf(2, USER));
  loads(clause, page(47), exception(PF, 1));
  machine.write_cr(4, cr4);
  loads(clause, page(47), 0);
  // What the processor reads for itself, it reads as supervisor, whatever AC says.
  const gdt = test.param(test.TEST_PARAM_VCPU_GDT_VA | (machine.vcpu() << 8));
  const table = direct(frame(FRAME_DATA + 4));
  for (let at: i64 = 0; at < 0x40; at += 8) machine.store64(table + at, machine.load64(gdt + at));
  put(48, leaf(4, USER));
  place(47, 5);
  const across = page(48) - 0x40;
  for (let at: i64 = 0; at < 0x40; at += 8) machine.store64(across + at, machine.load64(gdt + at));
  machine.lgdt(across, 0x4f);
  machine.write_cr(4, cr4 | CR4_SMAP);
  machine.popf(machine.pushf() | FLAGS_AC);
  machine.lldt(0x40);
  same(clause, "exception of a descriptor in a user page", raised(), exception(PF, 1));
  machine.popf(machine.pushf() & ~FLAGS_AC);
  machine.write_cr(4, cr4);
  machine.lgdt(gdt, 0x3f);
}

/** A table of descriptors on a page that is absent or cannot be written: the first half lies on a good one. */
export function processor_descriptor_faults(): void {
  const clause = C.rule_processor_3;
  recordExceptions();
  const gdt = test.param(test.TEST_PARAM_VCPU_GDT_VA | (machine.vcpu() << 8));
  place(49, 5);
  put(50, leaf(6) & ~DIRTY);
  const table = page(50) - 0x40;
  for (let at: i64 = 0; at < 0x40; at += 8) machine.store64(table + at, machine.load64(gdt + at));
  const task = machine.load64(gdt + 0x30) & ~((<i64>2) << 40);
  machine.store64(direct(frame(FRAME_DATA + 6)), task);
  machine.store64(direct(frame(FRAME_DATA + 6)) + 8, machine.load64(gdt + 0x38));
  machine.lgdt(table, 0x4f);
  put(50, 0);
  machine.ltr(0x40);
  same(clause, "exception of a task's descriptor on an absent page", raised(), exception(PF));
  put(50, leaf(6) & ~(WRITABLE | DIRTY));
  machine.ltr(0x40);
  same(clause, "exception of a task's descriptor that cannot be marked busy", raised(), exception(PF, 3));
  put(50, leaf(6) & ~(DIRTY | ACCESSED));
  machine.ltr(0x40);
  same(clause, "exception of a task's descriptor that can", raised(), 0);
  same(clause, "the task register", machine.str(), 0x40);
  same(clause, "the page's entry, accessed and dirty", machine.load64(entry(50)), leaf(6));
  machine.lgdt(gdt, 0x3f);
}

export function processor_accessed_dirty(): void {
  const clause = C.rule_processor_3;
  recordExceptions();
  const clean = leaf(2) & ~(ACCESSED | DIRTY);
  put(51, clean);
  loads(clause, page(51), 0);
  same(clause, "an entry after a load", machine.load64(entry(51)), clean | ACCESSED);
  stores(clause, page(51), 0);
  same(clause, "an entry after a store", machine.load64(entry(51)), clean | ACCESSED | DIRTY);
  put(51, clean);
  stores(clause, page(51), 0);
  same(clause, "an entry after a store alone", machine.load64(entry(51)), clean | ACCESSED | DIRTY);
  put(51, clean & ~WRITABLE);
  stores(clause, page(51), exception(PF, 3));
  same(clause, "an entry after a store that was refused", machine.load64(entry(51)), clean & ~WRITABLE);
  loads(clause, page(51), 0);
  put(51, clean & ~1);
  loads(clause, page(51), exception(PF));
  same(clause, "an entry that is not present after a load", machine.load64(entry(51)), clean & ~1);
  put(51, clean | ((<i64>1) << 45));
  loads(clause, page(51), exception(PF, 9));
  same(clause, "an entry with a reserved bit after a load", machine.load64(entry(51)), clean | ((<i64>1) << 45));
  // The dirty bit comes back when the guest clears it and flushes.
  place(51, 2);
  stores(clause, page(51), 0);
  put(51, leaf(2) & ~DIRTY);
  stores(clause, page(51) + 8, 0);
  same(clause, "an entry whose dirty bit was cleared, after a store", machine.load64(entry(51)), leaf(2));
  const directory = direct(frame(FRAME_REGION + 1));
  const pointer = direct(frame(FRAME_REGION));
  machine.store64(directory, machine.load64(directory) & ~ACCESSED);
  machine.store64(pointer, machine.load64(pointer) & ~ACCESSED);
  machine.invlpg(page(51));
  loads(clause, page(51), 0);
  same(clause, "the directory's accessed bit", machine.load64(directory) & (ACCESSED | DIRTY), ACCESSED);
  same(clause, "the accessed bit above", machine.load64(pointer) & (ACCESSED | DIRTY), ACCESSED);
}

/** Large pages at the second entries of directory and directory pointer table; both begin at address 0 of the guest's memory. */
export function processor_large_pages(): void {
  const clause = C.rule_processor_3;
  recordExceptions();
  const directory = direct(frame(FRAME_REGION + 1)) + 8;
  const pointer = direct(frame(FRAME_REGION)) + 8;
  const data = frame(FRAME_DATA + 2);
  const clean = 0x3 | LARGE;
  machine.store64(directory, clean);
  const first = page(0) + DIRECTORY_SPAN + data;
  loads(clause, first, 0);
  same(clause, "content in a page of 2 MiB", machine.load64(first), content(2));
  same(clause, "its entry after loads", machine.load64(directory), clean | ACCESSED);
  machine.store64(first + 16, 99);
  same(clause, "what was stored in it", machine.load64(direct(data) + 16), 99);
  same(clause, "its entry after a store", machine.load64(directory), clean | ACCESSED | DIRTY);
  machine.store64(pointer, clean);
  const second = page(0) + POINTER_SPAN + data;
  same(clause, "content in a page of 1 GiB", machine.load64(second + 4096), content(3));
  same(clause, "its entry after a load", machine.load64(pointer), clean | ACCESSED);
  machine.store64(second + 24, 98);
  same(clause, "what was stored in it", machine.load64(direct(data) + 24), 98);
  machine.store64(directory, clean & ~WRITABLE);
  machine.invlpg(first);
  stores(clause, first, exception(PF, 3));
  loads(clause, first, 0);
  for (let bit: i64 = 1 << 12; bit < POINTER_SPAN; bit <<= 1) {
    const small = bit > 1 << 12 && bit < DIRECTORY_SPAN;
    machine.store64(directory, clean | (bit < DIRECTORY_SPAN ? bit : 0));
    machine.invlpg(first);
    loads(clause, first, small ? exception(PF, 9) : 0);
    machine.store64(pointer, clean | bit);
    machine.invlpg(second);
    loads(clause, second, bit > 1 << 12 ? exception(PF, 9) : 0);
  }
  // A directory pointer table of its own, and a root's entry that says it maps a page.
  machine.store64(pointer, 0);
  machine.invlpg(second);
  loads(clause, second, exception(PF));
  const slot = direct(bootRoot()) + 403 * 8;
  machine.store64(slot, frame(FRAME_REGION) | TABLE | LARGE);
  loads(clause, 0xffffc98000000000, exception(PF, 9));
  machine.store64(slot, frame(FRAME_REGION) | TABLE | (1 << 41));
  loads(clause, 0xffffc98000000000, exception(PF, 9));
  machine.store64(slot, 0);
}

/** Beyond the guest's memory nothing answers: loads give all ones, stores are lost. */
export function processor_beyond_memory(): void {
  const clause = C.rule_processor_3;
  recordExceptions();
  const nowhere: i64 = 0x70_0000_0000;
  put(52, nowhere | 0x63);
  same(clause, "a word where no memory is", machine.load64(page(52)), -1);
  machine.store64(page(52), 5);
  machine.mfence();
  same(clause, "the word after a store", machine.load64(page(52)), -1);
  const last = test.param(test.TEST_PARAM_MEMORY_PAGES);
  put(52, (last << 12) | 0x63);
  same(clause, "a word just behind the memory", machine.load64(page(52)), -1);
  put(52, ((last - 1) << 12) | 0x63);
  same(clause, "the memory's last page", machine.load64(page(52)), machine.load64(direct((last - 1) << 12)));
  same(clause, "exceptions besides", raised(), 0);
}

/** Takes no-execute out of the direct map, which all of the kernel's data is in: a table for each 2 MiB of memory. */
function allowExecution(): void {
  let table = machine.load64(direct(bootRoot()) + 273 * 8) & ADDRESS;
  table = machine.load64(direct(table)) & ADDRESS;
  const pages = test.param(test.TEST_PARAM_MEMORY_PAGES);
  for (let i: i64 = 0; i < pages; i++) {
    const leaves = machine.load64(direct(table) + (i >> 9) * 8) & ADDRESS;
    const at = direct(leaves) + (i & 511) * 8;
    machine.store64(at, machine.load64(at) & ~NO_EXECUTE);
  }
  machine.invpcid(2, 0, 0);
}

/** While EFER does not enable it, no-execute is a reserved bit, and a fault does not say that it was a fetch's. */
export function processor_no_execute(): void {
  const clause = C.rule_processor_3;
  recordExceptions();
  machine.store8(direct(frame(FRAME_DATA + 3)), RET);
  put(60, leaf(3) | NO_EXECUTE);
  executes(clause, 60, exception(PF, 0x11));
  place(60, 3);
  executes(clause, 60, 0);
  const directory = direct(frame(FRAME_REGION + 1));
  machine.store64(directory, machine.load64(directory) | NO_EXECUTE);
  machine.invlpg(page(60));
  executes(clause, 60, exception(PF, 0x11));
  loads(clause, page(60), 0);
  machine.store64(directory, machine.load64(directory) & ~NO_EXECUTE);
  machine.invlpg(page(60));
  executes(clause, 60, 0);
  allowExecution();
  put(61, leaf(2) | NO_EXECUTE);
  loads(clause, page(61), 0);
  const efer = machine.rdmsr(EFER);
  machine.wrmsr(EFER, efer & ~EFER_NXE);
  executes(clause, 60, 0);
  machine.invlpg(page(61));
  loads(clause, page(61), exception(PF, 9));
  put(60, 0);
  executes(clause, 60, exception(PF));
  put(60, leaf(3) | NO_EXECUTE);
  executes(clause, 60, exception(PF, 9));
  machine.wrmsr(EFER, efer);
  loads(clause, page(61), 0);
  executes(clause, 60, exception(PF, 0x11));
}
