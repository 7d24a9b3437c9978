/** rule.processor.5: what a processor has forgotten after INIT and SIPI. */

import * as machine from "../../sdk/as/machine";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";
import { same } from "../lib/expect";
import { direct, FRAME_DATA, frame, post, waitFor } from "../lib/memory";

const TARGET: i32 = 3;
const STARTED: i32 = 0;
const INIT: i64 = 0x4500;
const STARTUP: i64 = 0x4600;
const EFER: i32 = 0xc0000080;
const ADDRESS: i64 = 0xffff888000123000;
const MSRS: i32 = 13;
/** PAT, STAR, LSTAR, SFMASK, FS, GS and kernel GS base, TSC_AUX; TPR, SVR, LVT thermal, LINT0, error. */
const msrs = memory.data<i32>([
  0x277, 0xc0000081, 0xc0000082, 0xc0000084, 0xc0000100, 0xc0000101, 0xc0000102, 0xc0000103, 0x808, 0x80f, 0x833, 0x835, 0x837,
]);
const written = memory.data<i64>([
  0x0007010600070106, 0x23001000000000, ADDRESS, 0x47700, ADDRESS + 1, ADDRESS + 2, ADDRESS + 3, 77, 0x20, 0xff, 0x41, 0x42, 0x43,
]);
const reset = memory.data<i64>([
  0x0007040600070406, 0, 0, 0, 0, 0, 0, 0, 0, 0x1ff, 0x10000, 0x10000, 0x10000,
]);

/** Where the target leaves what it finds: words from here on. */
function found(i: i32): i64 {
  return direct(frame(FRAME_DATA + 7)) + i * 8;
}

/** First code of the target's first life: changes whatever it can. */
function change(_rsp: i64): void {
  machine.cli();
  machine.write_cr(2, ADDRESS);
  machine.write_cr(0, machine.read_cr(0) | 8);
  machine.write_cr(4, machine.read_cr(4) | 4);
  for (let i = 0; i < MSRS; i++) machine.wrmsr(load<i32>(msrs + (i << 2)), load<i64>(written + (i << 3)));
  for (let n = 0; n < 4; n++) machine.write_dr(n, ADDRESS + n);
  machine.write_dr(6, 0xffff0fff);
  machine.write_dr(7, 0xffff0700);
  machine.wrmsr(machine.MSR_X2APIC_SELF_IPI, 0xff);
  machine.wrmsr(machine.MSR_X2APIC_SELF_IPI, 0x20);
  machine.wrmsr(machine.MSR_X2APIC_ICR, 5);
  machine.wrmsr(EFER, machine.rdmsr(EFER) & ~1);
  machine.popf(0xcd5);
  for (let r = 0; r < 28; r++) if (r !== machine.RSP) machine.set_reg(r, ADDRESS + r);
  post(STARTED, 1);
  while (true) machine.pause();
}

/** First code of its second life: writes down what it finds. Registers first, which the calls below may use. */
function inspect(_rsp: i64): void {
  let sum: i64 = 0;
  for (let r = 0; r < 28; r++) if (r !== machine.RSP) sum |= machine.reg(r);
  machine.store64(found(0), sum);
  machine.store64(found(1), machine.pushf());
  machine.store64(found(2), machine.read_cr(0));
  machine.store64(found(3), machine.read_cr(2));
  machine.store64(found(4), machine.read_cr(4));
  machine.store64(found(5), machine.read_cr(8));
  machine.store64(found(6), machine.rdmsr(EFER));
  for (let n = 0; n < 4; n++) machine.store64(found(7 + n), machine.read_dr(n));
  machine.store64(found(11), machine.read_dr(6));
  machine.store64(found(12), machine.read_dr(7));
  machine.store64(found(13), machine.rdmsr(machine.MSR_X2APIC_ICR));
  for (let i = 0; i < 8; i++) machine.store64(found(16 + i), machine.rdmsr(0x820 + i));
  for (let i = 0; i < MSRS; i++) machine.store64(found(24 + i), machine.rdmsr(load<i32>(msrs + (i << 2))));
  machine.mfence();
  post(STARTED, 2);
}

function start(slot: i32): void {
  const trampoline = test.param(test.TEST_PARAM_TRAMPOLINE_GPA);
  machine.store64(direct(trampoline), machine.code_addr(slot, 0));
  machine.store64(direct(trampoline) + 8, machine.read_cr(3));
  machine.store64(direct(trampoline) + 16, test.param(test.TEST_PARAM_STACK_TOP | (TARGET << 8)));
  machine.mfence();
  const destination = test.param(test.TEST_PARAM_APIC_ID | (TARGET << 8)) << 32;
  machine.wrmsr(machine.MSR_X2APIC_ICR, destination | INIT);
  machine.wrmsr(machine.MSR_X2APIC_ICR, destination | STARTUP | (trampoline >> 12));
}

function finds(clause: i32, what: string, i: i32, want: i64): void {
  same(clause, what, machine.load64(found(i)), want);
}

export function processor_startup(): void {
  const clause = C.rule_processor_5;
  start(change.index);
  waitFor(STARTED, 1);
  start(inspect.index);
  waitFor(STARTED, 2);
  finds(clause, "general registers", 0, 0);
  finds(clause, "flags", 1, 2);
  finds(clause, "CR0", 2, 0x80050033);
  finds(clause, "CR2", 3, 0);
  finds(clause, "CR4", 4, 0x6a0);
  finds(clause, "CR8", 5, 0);
  finds(clause, "EFER", 6, 0xd01);
  for (let n = 0; n < 4; n++) finds(clause, "a breakpoint's address", 7 + n, 0);
  finds(clause, "DR6", 11, 0xffff0ff0);
  finds(clause, "DR7", 12, 0x400);
  finds(clause, "the interrupt command", 13, 0);
  for (let i = 0; i < 8; i++) finds(clause, "interrupts that were pending", 16 + i, 0);
  for (let i = 0; i < MSRS; i++) finds(clause, "a model-specific register", 24 + i, load<i64>(reset + (i << 3)));
}
