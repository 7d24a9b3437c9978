/** rule.processor.1: control, debug and model-specific registers, flags and ports, as the kernel itself uses them. */

import * as machine from "../../sdk/as/machine";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";
import { me } from "../lib/case";
import { AC, DF, exception, GP, PF, raised, recordExceptions, UD } from "../lib/exceptions";
import { atLeast, holds, same } from "../lib/expect";
import { bootRoot, leaf } from "../lib/paging";

const CR0_TS: i64 = 8;
const CR0_ET: i64 = 16;
const CR4_DE: i64 = 8;
const CR4_PCIDE: i64 = 1 << 17;
const NO_FLUSH: i64 = i64.MIN_VALUE;
const NON_CANONICAL: i64 = 0x0000800000000000;
const KERNEL_ADDRESS: i64 = 0xffff888000123456;
const TPR: i32 = 0x808;

function accepts(clause: i32, register: i32, value: i64, want: i64): void {
  machine.write_cr(register, value);
  same(clause, "exception of a value that the register takes", raised(), 0);
  same(clause, "the control register", machine.read_cr(register), want);
}

function refuses(clause: i32, register: i32, value: i64): void {
  const before = machine.read_cr(register);
  machine.write_cr(register, value);
  same(clause, "exception of a value that the register refuses", raised(), exception(GP));
  same(clause, "the control register after the refusal", machine.read_cr(register), before);
}

export function processor_cr0(): void {
  const clause = C.rule_processor_1;
  recordExceptions();
  const cr0 = machine.read_cr(0);
  const cleared = memory.data<i64>([0x2, 0x20, 0x22, 0x10000, 0x40000]);
  for (let i = 0; i < 5; i++) accepts(clause, 0, cr0 & ~load<i64>(cleared + (i << 3)), cr0 & ~load<i64>(cleared + (i << 3)));
  const set = memory.data<i64>([0x4, 0x8, 0x40000000, 0x60000000]);
  for (let i = 0; i < 4; i++) accepts(clause, 0, cr0 | load<i64>(set + (i << 3)), cr0 | load<i64>(set + (i << 3)));
  accepts(clause, 0, cr0 & ~CR0_ET, cr0);
  accepts(clause, 0, cr0 | 0x1ffaffc0, cr0);
  accepts(clause, 0, cr0 | CR0_TS | 4, cr0 | CR0_TS | 4);
  machine.clts();
  same(clause, "CR0 after CLTS", machine.read_cr(0), cr0 | 4);
  machine.clts();
  same(clause, "CR0 after another CLTS", machine.read_cr(0), cr0 | 4);
  accepts(clause, 0, cr0, cr0);
  const toggled = memory.data<i64>([0x1, 0x80000000, 0x20000000, 0x100000000, i64.MIN_VALUE]);
  for (let i = 0; i < 5; i++) refuses(clause, 0, cr0 ^ load<i64>(toggled + (i << 3)));
}

export function processor_cr2_cr3_cr8(): void {
  const clause = C.rule_processor_1;
  recordExceptions();
  accepts(clause, 2, KERNEL_ADDRESS, KERNEL_ADDRESS);
  accepts(clause, 2, 0x123456789abcdef1, 0x123456789abcdef1);
  const root = bootRoot();
  accepts(clause, 3, root | 0x18, root | 0x18);
  refuses(clause, 3, root | (1 << 40));
  refuses(clause, 3, root | ((<i64>1) << 62));
  refuses(clause, 3, root | NO_FLUSH);
  // While CR3 holds other than identifier 0, identifiers cannot be enabled.
  refuses(clause, 4, machine.read_cr(4) | CR4_PCIDE);
  accepts(clause, 3, root, root);
  for (let level: i64 = 0; level < 16; level += 5) {
    accepts(clause, 8, level, level);
    same(clause, "the task priority of CR8", machine.rdmsr(TPR), level << 4);
  }
  machine.wrmsr(TPR, 0x57);
  same(clause, "CR8 of a task priority", machine.read_cr(8), 5);
  refuses(clause, 8, 16);
  refuses(clause, 8, 0x100000000);
  machine.wrmsr(TPR, 0);
  const absent = memory.data<i32>([1, 5, 7, 9]);
  for (let i = 0; i < 4; i++) {
    machine.read_cr(load<i32>(absent + (i << 2)));
    same(clause, "exception of reading a register that is not there", raised(), exception(UD));
    machine.write_cr(load<i32>(absent + (i << 2)), 0);
    same(clause, "exception of writing a register that is not there", raised(), exception(UD));
  }
}

export function processor_cr4(): void {
  const clause = C.rule_processor_1;
  recordExceptions();
  const cr4 = machine.read_cr(4);
  const defined = memory.data<i64>([
    0x1, 0x2, 0x4, 0x8, 0x10, 0x40, 0x80, 0x100, 0x200, 0x400, 0x800, 0x10000, 0x20000, 0x40000, 0x100000, 0x200000,
  ]);
  for (let i = 0; i < 16; i++) {
    const value = cr4 ^ load<i64>(defined + (i << 3));
    accepts(clause, 4, value, value);
    accepts(clause, 4, cr4, cr4);
  }
  const toggled = memory.data<i64>([0x20, 0x1000, 0x2000, 0x8000, 0x80000, 0x400000, 0x100000000, i64.MIN_VALUE]);
  for (let i = 0; i < 8; i++) refuses(clause, 4, cr4 ^ load<i64>(toggled + (i << 3)));
  const root = bootRoot();
  accepts(clause, 4, cr4 | CR4_PCIDE, cr4 | CR4_PCIDE);
  accepts(clause, 3, root | NO_FLUSH | 5, root | 5);
  refuses(clause, 3, root | NO_FLUSH | (1 << 40));
  // Enabled already: the identifier in CR3 is no obstacle to another change.
  accepts(clause, 4, cr4 | CR4_PCIDE | 4, cr4 | CR4_PCIDE | 4);
  accepts(clause, 3, root, root);
  accepts(clause, 4, cr4, cr4);
}

export function processor_debug_registers(): void {
  const clause = C.rule_processor_1;
  recordExceptions();
  for (let n = 0; n < 4; n++) machine.write_dr(n, KERNEL_ADDRESS + ((<i64>n) << 33));
  for (let n = 0; n < 4; n++)
    same(clause, "a breakpoint's address", machine.read_dr(n), KERNEL_ADDRESS + ((<i64>n) << 33));
  debugReads(clause, 6, 0, 0xffff0ff0);
  debugReads(clause, 6, 0xffffffff, 0xffffefff);
  debugReads(clause, 7, 0xfff0d700, 0xfff00700);
  debugReads(clause, 7, 0xffff08ff, 0xffff0cff);
  debugReads(clause, 7, 0, 0x400);
  machine.write_dr(4, 0x1);
  same(clause, "DR6, written as DR4", machine.read_dr(6), 0xffff0ff1);
  same(clause, "DR4", machine.read_dr(4), 0xffff0ff1);
  machine.write_dr(5, 0x30000);
  same(clause, "DR7, written as DR5", machine.read_dr(7), 0x30400);
  same(clause, "DR5", machine.read_dr(5), 0x30400);
  const cr4 = machine.read_cr(4);
  machine.write_cr(4, cr4 | CR4_DE);
  for (let n = 4; n < 6; n++) refusesDebug(clause, n, UD);
  same(clause, "DR6 with debugging extensions", machine.read_dr(6), 0xffff0ff1);
  same(clause, "DR7 with debugging extensions", machine.read_dr(7), 0x30400);
  machine.write_cr(4, cr4);
  refusesDebug(clause, 8, UD);
  refusesDebug(clause, -1, UD);
  for (let n = 4; n < 8; n++) {
    machine.write_dr(n, 0x100000000);
    same(clause, "exception of high bits of a debug register", raised(), exception(GP));
  }
  same(clause, "DR6 after the refusals", machine.read_dr(6), 0xffff0ff1);
  machine.write_dr(7, 0);
}

function debugReads(clause: i32, n: i32, value: i64, want: i64): void {
  machine.write_dr(n, value);
  same(clause, "a debug register", machine.read_dr(n), want);
}

function refusesDebug(clause: i32, n: i32, vector: i32): void {
  machine.read_dr(n);
  same(clause, "exception of reading a debug register that is not there", raised(), exception(vector));
  machine.write_dr(n, 0);
  same(clause, "exception of writing a debug register that is not there", raised(), exception(vector));
}

/** All that POPF may change but TF and IF: CF PF AF ZF SF DF OF IOPL NT AC ID. */
const FLAGS: i64 = 0x247cd5;
const IF: i64 = 0x200;

export function processor_flags(): void {
  const clause = C.rule_processor_1;
  const before = machine.pushf();
  machine.cli();
  machine.popf(~(IF | 0x100));
  same(clause, "flags, all set", machine.pushf(), FLAGS | 2);
  machine.popf(0);
  same(clause, "flags, all clear", machine.pushf(), 2);
  for (let bit: i64 = 1; bit <= 0x200000; bit <<= 1) {
    if (bit === IF || bit === 0x100) continue;
    machine.popf(bit);
    same(clause, "flags after one was set", machine.pushf(), (bit & FLAGS) | 2);
  }
  machine.popf(0x45);
  machine.sti();
  same(clause, "flags after STI", machine.pushf(), 0x47 | IF);
  machine.sti();
  same(clause, "flags after another STI", machine.pushf(), 0x47 | IF);
  machine.cli();
  same(clause, "flags after CLI", machine.pushf(), 0x47);
  machine.popf(IF);
  same(clause, "flags after POPF with interrupts enabled", machine.pushf(), IF | 2);
  machine.popf(before);
}

const EFER: i32 = 0xc0000080;
const TSC_AUX: i32 = 0xc0000103;
const SFMASK: i32 = 0xc0000084;
const GS_BASE: i32 = 0xc0000101;
const KERNEL_GS_BASE: i32 = 0xc0000102;
const PAT: i32 = 0x277;
const APIC_BASE: i32 = 0x1b;
const PAT_VALUE: i64 = 0x0007040605040100;

function keepsMsr(clause: i32, msr: i32, value: i64): void {
  const before = machine.rdmsr(msr);
  machine.wrmsr(msr, value);
  same(clause, "exception of a value that the register refuses", raised(), exception(GP));
  same(clause, "the register after the refusal", machine.rdmsr(msr), before);
}

export function processor_msr_values(): void {
  const clause = C.rule_processor_1;
  recordExceptions();
  const addresses = memory.data<i32>([0x175, 0x176, 0xc0000082, 0xc0000083, 0xc0000100, GS_BASE, KERNEL_GS_BASE]);
  for (let i = 0; i < 7; i++) {
    const msr = load<i32>(addresses + (i << 2));
    machine.wrmsr(msr, KERNEL_ADDRESS);
    keepsMsr(clause, msr, NON_CANONICAL);
    same(clause, "an address register", machine.rdmsr(msr), KERNEL_ADDRESS);
  }
  machine.wrmsr(0x174, NON_CANONICAL);
  same(clause, "a register that is no address", machine.rdmsr(0x174), NON_CANONICAL);
  for (let shift: i64 = 0; shift < 64; shift += 8) {
    for (let type: i64 = 0; type < 8; type++) {
      if (type === 2 || type === 3) keepsMsr(clause, PAT, type << shift);
      else machine.wrmsr(PAT, type << shift);
    }
    keepsMsr(clause, PAT, (<i64>8) << shift);
    same(clause, "memory types", machine.rdmsr(PAT), (<i64>7) << shift);
  }
  machine.wrmsr(PAT, PAT_VALUE);
  same(clause, "memory types", machine.rdmsr(PAT), PAT_VALUE);
  machine.wrmsr(SFMASK, 0x100047700);
  same(clause, "the mask of flags, of 32 bits", machine.rdmsr(SFMASK), 0x47700);
  machine.wrmsr(TSC_AUX, 0x1234);
  keepsMsr(clause, TSC_AUX, 0x100000000);
  machine.rdtscp();
  same(clause, "RCX after RDTSCP", machine.reg(machine.RCX), 0x1234);
  const base = machine.rdmsr(APIC_BASE);
  same(clause, "the APIC's base", base, 0xfee00c00 | (me() === 0 ? 0x100 : 0));
  keepsMsr(clause, APIC_BASE, base ^ 0x400);
  keepsMsr(clause, APIC_BASE, base ^ 0x100);
  const efer = machine.rdmsr(EFER);
  machine.wrmsr(EFER, efer & ~0x401);
  same(clause, "EFER without system calls; long mode stays active", machine.rdmsr(EFER), efer & ~1);
  machine.wrmsr(EFER, efer);
  same(clause, "EFER", machine.rdmsr(EFER), efer);
  keepsMsr(clause, EFER, efer & ~0x100);
  keepsMsr(clause, EFER, efer | 0x200);
  keepsMsr(clause, EFER, efer | 0x1000);
  machine.wrmsr(GS_BASE, KERNEL_ADDRESS + 1);
  machine.swapgs();
  same(clause, "GS base after SWAPGS", machine.rdmsr(GS_BASE), KERNEL_ADDRESS);
  same(clause, "the kernel's GS base after SWAPGS", machine.rdmsr(KERNEL_GS_BASE), KERNEL_ADDRESS + 1);
  const absent = memory.data<i32>([0x11, 0x1c, 0x3a, 0x173, 0x177, 0x276, 0x7ff, 0x840, 0xc0000085, 0xc0000104]);
  for (let i = 0; i < 10; i++) {
    machine.rdmsr(load<i32>(absent + (i << 2)));
    same(clause, "exception of reading a register that is not there", raised(), exception(GP));
    machine.wrmsr(load<i32>(absent + (i << 2)), 0);
    same(clause, "exception of writing a register that is not there", raised(), exception(GP));
  }
  machine.rdpmc(0);
  same(clause, "exception of reading a performance counter", raised(), exception(GP));
}

function nothingAnswers(clause: i32, port: i32): void {
  same(clause, "one byte of a port", machine.in_port(port, 1), 0xff);
  same(clause, "two bytes of a port", machine.in_port(port, 2), 0xffff);
  same(clause, "four bytes of a port", machine.in_port(port, 4), -1);
}

/** Ports beside those that end the guest, and a write to the reset register that resets nothing. */
export function processor_ports(): void {
  const clause = C.rule_processor_1;
  nothingAnswers(clause, 0x1234);
  nothingAnswers(clause, 0x70);
  nothingAnswers(clause, 0x604);
  machine.out_port(0x605, 2, 0x2000);
  machine.out_port(0xcf9, 1, 2);
  machine.out_port(0xcf8, 1, 6);
  machine.out_port(0xe9, 1, 65);
  machine.wbinvd();
  machine.cpuid(0, 0);
  atLeast(clause, "the highest leaf", machine.reg(machine.RAX), 0x16);
  machine.cpuid(1, 0);
  same(clause, "APIC id of leaf 1", (machine.reg(machine.RBX) >> 24) & 0xff, test.param(test.TEST_PARAM_APIC_ID | (me() << 8)));
  same(clause, "DE, PSE, TSC, MSR, PAE, APIC, SEP and PGE of leaf 1", machine.reg(machine.RDX) & 0x2a7c, 0x2a7c & 0x0701ab7c);
  same(clause, "PCID and x2APIC of leaf 1", machine.reg(machine.RCX) & 0x220000, 0x220000);
}
