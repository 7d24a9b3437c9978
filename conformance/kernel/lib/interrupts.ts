/** Interrupt and fault handlers of the kernel, their gates, and ways to make an interrupt arrive. */
import * as info from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import * as pvi from "../../sdk/as/pvi";
import * as test from "../../sdk/as/test";

/** The cases use vectors FIRST_VECTOR + 0 … 7; all are of one priority class. HIGH_VECTOR is of the next higher one. */
export const FIRST_VECTOR: i32 = 0x40;
export const HIGH_VECTOR: i32 = 0x50;
export const VECTOR_NMI: i32 = 2;
const VECTOR_UD: i32 = 6;
const VECTOR_GP: i32 = 13;
const VECTOR_PF: i32 = 14;
const KERNEL_CODE: i64 = 0x08;
const INTERRUPT_GATE: i64 = 0x8e;

/** What an instruction returns that raised a fault. */
export const FAULTED: i64 = 0xfa117ed;

/** Interrupts taken by this vCPU, per vector: private, because a handler runs on the vCPU that reads it. */
const counts = memory.data(68, 8);
let faultCount: i32 = 0;
/** Table slots of the case's own handler code, 0 for none: () -> (), run with interrupts disabled. */
let hookSlot: i32 = 0;
let nmiHookSlot: i32 = 0;
let nmiCount: i32 = 0;
/** How handlers end the service of an interrupt: by the register, by the op apic.eoi, or not at all. */
export const END_BY_REGISTER: i32 = 0;
export const END_BY_OP: i32 = 1;
export const END_NOT: i32 = 2;
let ending: i32 = END_BY_REGISTER;

/** How often this vCPU's handler of `vector` has run. */
export function taken(vector: i32): i32 {
  return load<i32>(counts + ((vector - FIRST_VECTOR) << 2));
}

/** How many #GP, #PF and #UD this vCPU has taken, those apart that a half fixed up. */
export function faults(): i32 {
  return faultCount;
}

/** How many NMIs this vCPU has taken. */
export function nmisTaken(): i32 {
  return nmiCount;
}

/** How this vCPU's handlers end the service of interrupts from now on (END_*). */
export function endServiceBy(how: i32): void {
  ending = how;
}

/** Runs `hook` in every following interrupt of this vCPU, after its EOI. */
export function onInterrupt(hook: () => void): void {
  hookSlot = hook.index;
}

/** Runs `hook` in every following NMI of this vCPU. */
export function onNmi(hook: () => void): void {
  nmiHookSlot = hook.index;
}

/** Makes `vector` pending on `vcpu` now, from outside of the guest. */
export function raise(vcpu: i32, vector: i32): void {
  raiseLater(vcpu, vector, 1);
  test.advance(2);
  machine.lfence();
}

/** Makes `vector` pending on `vcpu` after `delay` ns of real time. */
export function raiseLater(vcpu: i32, vector: i32, delay: i64): void {
  test.plan(test.PLAN_IRQ, vcpu, realTime() + delay, vector);
}

/** Real time in ns, which no guest clock can change. */
export function realTime(): i64 {
  return test.state(0, test.STATE_REAL_NS);
}

/** True while `vector` waits in the APIC of `vcpu`. */
export function isPending(vcpu: i32, vector: i32): bool {
  return test.state(vcpu, test.STATE_IRR | (vector << 8)) !== 0;
}

/** How often the machine has delivered `vector` to `vcpu`. */
export function delivered(vcpu: i32, vector: i32): i64 {
  return test.state(vcpu, test.STATE_DELIVERED | (vector << 8));
}

/** How many interrupts of any vector the machine has delivered to `vcpu`. */
export function allDelivered(vcpu: i32): i64 {
  let sum: i64 = 0;
  for (let vector = 16; vector < 256; vector++) sum += delivered(vcpu, vector);
  return sum;
}

/** True if `vcpu` takes interrupts, past all that an op may say about it. */
export function interruptsOn(vcpu: i32): bool {
  return test.state(vcpu, test.STATE_IF) !== 0;
}

/** Withdraws features from this vCPU, as the user may: seen by the guest half in the call of init.features that follows. */
export function veto(features: i64): void {
  machine.store64(test.param(test.TEST_PARAM_INFO_VA) + info.INFO_FEATURE_MASK, ~features);
  pvi.init_features(0);
}

/** Passes n instruction boundaries. */
export function boundaries(n: i32): void {
  for (let i = 0; i < n; i++) machine.lfence();
}

/** Gives way until this vCPU has taken `vector` n times. */
export function waitTaken(vector: i32, n: i32): void {
  while (taken(vector) < n) machine.pause();
}

/** Entry code: a fix-up armed by the interrupted code is not this handler's. The machine restores the register. */
function enter(): void {
  machine.set_reg(machine.FIXUP_REGISTER, 0);
}

function interrupt(vector: i32, frame: i64): void {
  enter();
  const counter = counts + ((vector - FIRST_VECTOR) << 2);
  store<i32>(counter, load<i32>(counter) + 1);
  if (ending === END_BY_REGISTER) machine.wrmsr(machine.MSR_X2APIC_EOI, 0);
  else if (ending === END_BY_OP) pvi.apic_eoi();
  if (hookSlot !== 0) call_indirect<void>(hookSlot);
  machine.iret(frame);
}

function interrupt0(frame: i64): void {
  interrupt(FIRST_VECTOR, frame);
}
function interrupt1(frame: i64): void {
  interrupt(FIRST_VECTOR + 1, frame);
}
function interrupt2(frame: i64): void {
  interrupt(FIRST_VECTOR + 2, frame);
}
function interrupt3(frame: i64): void {
  interrupt(FIRST_VECTOR + 3, frame);
}
function interrupt4(frame: i64): void {
  interrupt(FIRST_VECTOR + 4, frame);
}
function interrupt5(frame: i64): void {
  interrupt(FIRST_VECTOR + 5, frame);
}
function interrupt6(frame: i64): void {
  interrupt(FIRST_VECTOR + 6, frame);
}
function interrupt7(frame: i64): void {
  interrupt(FIRST_VECTOR + 7, frame);
}

function highInterrupt(frame: i64): void {
  interrupt(HIGH_VECTOR, frame);
}

/** Halves learn from the info page that the kernel handles an NMI. */
function nonMaskable(frame: i64): void {
  enter();
  const depth = test.param(test.TEST_PARAM_INFO_VA) + info.INFO_NMI_DEPTH;
  machine.store32(depth, 1);
  nmiCount += 1;
  if (nmiHookSlot !== 0) call_indirect<void>(nmiHookSlot);
  machine.store32(depth, 0);
  machine.iret(frame);
}

/** #PF: counts and skips. */
function pageFault(frame: i64): void {
  faultCount += 1;
  skip(frame, FAULTED);
}

/** #GP: the half's own affair when it has armed a fix-up, else it counts. */
function protectionFault(frame: i64): void {
  const armed = machine.ctx_reg(machine.FIXUP_REGISTER) === machine.FIXUP_ARMED;
  if (armed) machine.ctx_set_reg(machine.FIXUP_REGISTER, machine.FIXUP_TAKEN);
  else faultCount += 1;
  skip(frame, armed ? 0 : FAULTED);
}

/** #UD: counts and skips. It pushes no error code. */
function undefined(frame: i64): void {
  faultCount += 1;
  skip(frame - 8, FAULTED);
}

/** From here on an undefined instruction of this vCPU is a fault that is counted; before, it ends the guest. */
export function surviveUndefined(): void {
  gate(test.param(test.TEST_PARAM_IDT_VA), VECTOR_UD, undefined.index);
}

/** Skips the instruction (RIP + 1) and lets it return `result`. The error code lies before the frame. */
function skip(frame: i64, result: i64): void {
  machine.store64(frame + 8, machine.load64(frame + 8) + 1);
  machine.ctx_set_reg(machine.RAX, result);
  machine.iret(frame + 8);
}

/** Writes this vCPU's gates and loads its IDT. */
export function installHandlers(): void {
  const idt = test.param(test.TEST_PARAM_IDT_VA);
  gate(idt, VECTOR_NMI, nonMaskable.index);
  gate(idt, VECTOR_GP, protectionFault.index);
  gate(idt, VECTOR_PF, pageFault.index);
  gate(idt, FIRST_VECTOR, interrupt0.index);
  gate(idt, FIRST_VECTOR + 1, interrupt1.index);
  gate(idt, FIRST_VECTOR + 2, interrupt2.index);
  gate(idt, FIRST_VECTOR + 3, interrupt3.index);
  gate(idt, FIRST_VECTOR + 4, interrupt4.index);
  gate(idt, FIRST_VECTOR + 5, interrupt5.index);
  gate(idt, FIRST_VECTOR + 6, interrupt6.index);
  gate(idt, FIRST_VECTOR + 7, interrupt7.index);
  gate(idt, HIGH_VECTOR, highInterrupt.index);
  machine.lidt(idt, 256 * 16 - 1);
}

/**
 * One gate of 16 bytes:
 *   0 offset 15:0 │ 2 selector │ 4 IST │ 5 type │ 6 offset 31:16 │ 8 offset 63:32 │ 12 zero
 */
export function gate(idt: i64, vector: i32, slot: i32): void {
  const handler = machine.code_addr(slot, 0);
  const low = (handler & 0xffff) | (KERNEL_CODE << 16) | (INTERRUPT_GATE << 40) | ((handler & 0xffff0000) << 32);
  machine.store64(idt + vector * 16, low);
  machine.store64(idt + vector * 16 + 8, (handler >> 32) & 0xffffffff);
}
