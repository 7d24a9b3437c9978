/** Exceptions that a case causes on purpose: recorded, then skipped or mended. */
import * as machine from "../../sdk/as/machine";
import * as test from "../../sdk/as/test";
import { gate } from "./interrupts";

export const UD: i32 = 6;
export const DF: i32 = 8;
export const TS: i32 = 10;
export const NP: i32 = 11;
export const GP: i32 = 13;
export const PF: i32 = 14;
export const AC: i32 = 17;

let last: i64 = 0;
let address: i64 = 0;
/** Table slot of what mends the cause, so that the instruction runs again; 0: it is skipped. */
let mendSlot: i32 = 0;

/** An exception as one number, to be compared with `raised`. */
export function exception(vector: i32, error: i32 = 0): i64 {
  return (<i64>vector << 32) | error;
}

/** The exception since the last call, 0 if there was none. */
export function raised(): i64 {
  const found = last;
  last = 0;
  return found;
}

/** CR2 as the handler of the last page fault found it. */
export function faultAddress(): i64 {
  return address;
}

/** The next exception runs `mend` with the address of its frame (RIP, CS, RFLAGS, RSP, SS) and repeats its instruction. */
export function mendNext(mend: (frame: i64) => void): void {
  mendSlot = mend.index;
}

/** Takes #UD, #DF, #TS, #NP, #GP, #PF and #AC of this vCPU over from the kernel's own handlers. */
export function recordExceptions(): void {
  const idt = test.param(test.TEST_PARAM_IDT_VA);
  gate(idt, UD, undefined.index);
  gate(idt, DF, doubleFault.index);
  gate(idt, TS, invalidTask.index);
  gate(idt, NP, notPresent.index);
  gate(idt, GP, protection.index);
  gate(idt, PF, pageFault.index);
  gate(idt, AC, misaligned.index);
}

/** `frame` begins with RIP. */
function record(vector: i32, error: i64, frame: i64): void {
  last = (<i64>vector << 32) | error;
  if (mendSlot !== 0) {
    const slot = mendSlot;
    mendSlot = 0;
    call_indirect<void>(slot, frame);
  } else {
    machine.store64(frame, machine.load64(frame) + 1);
    machine.ctx_set_reg(machine.RAX, 0);
  }
  machine.iret(frame);
}

function withError(vector: i32, frame: i64): void {
  record(vector, machine.load64(frame), frame + 8);
}

function undefined(frame: i64): void {
  record(UD, 0, frame);
}
function doubleFault(frame: i64): void {
  withError(DF, frame);
}
function invalidTask(frame: i64): void {
  withError(TS, frame);
}
function notPresent(frame: i64): void {
  withError(NP, frame);
}
function protection(frame: i64): void {
  withError(GP, frame);
}
function misaligned(frame: i64): void {
  withError(AC, frame);
}
function pageFault(frame: i64): void {
  address = machine.read_cr(2);
  withError(PF, frame);
}
