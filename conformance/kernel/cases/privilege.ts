/** rule.processor.4: system calls, returns and user mode. */

import * as machine from "../../sdk/as/machine";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";
import { me } from "../lib/case";
import { AC, exception, GP, mendNext, NP, PF, raised, recordExceptions, UD } from "../lib/exceptions";
import { same } from "../lib/expect";
import { FIRST_VECTOR, gate, interruptsOn } from "../lib/interrupts";
import { direct, FRAME_DATA, frame } from "../lib/memory";
import { leaf, openToUser, page, place, put, USER } from "../lib/paging";

const WRITABLE: i64 = 2;
const VECTOR: i32 = FIRST_VECTOR + 7;

function ignore(frame: i64): void {
  machine.iret(frame);
}

const NESTED_TASK: i64 = 0x4000;
let goodFrame: i64 = 0;
let badWord: i32 = 0;
let badValue: i64 = 0;
let goodValue: i64 = 0;

/** Returns through a frame in which one word is bad; the handler of the exception puts it right, and IRET runs again. */
function returnBadly(frame: i64): void {
  goodFrame = frame;
  if (badWord < 0) machine.popf(machine.pushf() | NESTED_TASK);
  else {
    goodValue = machine.load64(frame + (badWord << 3));
    machine.store64(frame + (badWord << 3), badValue);
  }
  machine.iret(frame);
}

function putRight(frame: i64): void {
  if (badWord < 0) machine.store64(frame + 16, machine.load64(frame + 16) & ~NESTED_TASK);
  else machine.store64(goodFrame + (badWord << 3), goodValue);
}

function refusesReturn(clause: i32, word: i32, value: i64, want: i64): void {
  badWord = word;
  badValue = value;
  mendNext(putRight);
  machine.int_n(VECTOR);
  same(clause, "exception of the return", raised(), want);
}

const RIP: i32 = 0;
const CS: i32 = 1;
const SS: i32 = 4;

export function processor_returns(): void {
  const clause = C.rule_processor_4;
  recordExceptions();
  gate(test.param(test.TEST_PARAM_IDT_VA), VECTOR, returnBadly.index);
  refusesReturn(clause, RIP, 0x0000800000000000, exception(GP));
  refusesReturn(clause, CS, 0, exception(GP));
  refusesReturn(clause, CS, 0x10, exception(GP, 0x10));
  refusesReturn(clause, CS, 0x18, exception(GP, 0x18));
  refusesReturn(clause, CS, 0x28, exception(GP, 0x28));
  refusesReturn(clause, CS, 0x0b, exception(GP, 0x08));
  refusesReturn(clause, CS, 0x0c, exception(GP, 0x0c));
  refusesReturn(clause, CS, 0x40, exception(GP, 0x40));
  refusesReturn(clause, SS, 0x13, exception(GP, 0x10));
  const at = test.param(test.TEST_PARAM_VCPU_GDT_VA | (me() << 8)) + 0x28;
  const user = machine.load64(at);
  machine.store64(at, user & ~((<i64>1) << 47));
  refusesReturn(clause, CS, 0x2b, exception(NP, 0x28));
  machine.store64(at, user);
  refusesReturn(clause, SS, 0, 0);
  mendNext(putRight);
  refusesReturn(clause, -1, 0, exception(GP));
  same(clause, "flags behind the return", machine.pushf() & NESTED_TASK, 0);
}

const STAR: i32 = 0xc0000081;
const LSTAR: i32 = 0xc0000082;
const SFMASK: i32 = 0xc0000084;
const EFER: i32 = 0xc0000080;
const USER_CODE: i64 = 0x2b;
const USER_DATA: i64 = 0x23;
const USER_STACK: i64 = 0x7fff0000;
const IOPL: i64 = 0x3000;
const ALIGNMENT: i64 = 0x40000;

/** System calls of the user function so far, by number, a byte each; the flags that the last handler began with. */
let calls: i64 = 0;
let handlerFlags: i64 = 0;
let callerFlags: i64 = 0;

/** The handler of SYSCALL, on the user's stack pointer: answers nr + 1 and returns to RCX with R11's flags. */
function onSystemCall(rsp: i64): void {
  const number = machine.reg(machine.RAX);
  calls = (calls << 8) | (number & 0xff);
  handlerFlags = machine.pushf();
  callerFlags = machine.reg(11);
  const at = direct(frame(FRAME_DATA + 7)) + 1024;
  machine.store64(at, machine.reg(machine.RCX));
  machine.store64(at + 8, USER_CODE);
  machine.store64(at + 16, machine.reg(11));
  machine.store64(at + 24, rsp);
  machine.store64(at + 32, USER_DATA);
  machine.ctx_set_reg(machine.RAX, number + 1);
  machine.iret(at);
}

/** Runs `body` in user mode until it returns. */
function inUserMode(body: (rsp: i64) => void, flags: i64): void {
  machine.wrmsr(STAR, (<i64>0x08) << 32);
  machine.wrmsr(LSTAR, machine.code_addr(onSystemCall.index, 0));
  machine.wrmsr(SFMASK, 0x40200);
  const at = direct(frame(FRAME_DATA + 7)) + 2048;
  machine.store64(at, machine.code_addr(body.index, 1));
  machine.store64(at + 8, USER_CODE);
  machine.store64(at + 16, flags);
  machine.store64(at + 24, USER_STACK);
  machine.store64(at + 32, USER_DATA);
  machine.iret(at);
}

function callTwice(_rsp: i64): void {
  machine.syscall(machine.syscall(41));
}

export function processor_system_calls(): void {
  const clause = C.rule_processor_4;
  recordExceptions();
  calls = 0;
  inUserMode(callTwice, 0x202 | ALIGNMENT);
  same(clause, "numbers of the system calls, the last of which ends user mode", calls, 0x292aff);
  same(clause, "flags of the handler: masked", handlerFlags & (0x200 | ALIGNMENT), 0);
  same(clause, "flags of the caller", callerFlags & (0x202 | ALIGNMENT), 0x202 | ALIGNMENT);
  same(clause, "interrupts are enabled behind user mode", interruptsOn(me()) ? 1 : 0, 1);
  same(clause, "exceptions", raised(), 0);
  const efer = machine.rdmsr(EFER);
  machine.wrmsr(EFER, efer & ~1);
  machine.syscall(5);
  same(clause, "a system call that is not enabled", raised(), exception(UD));
  machine.wrmsr(EFER, efer);
  same(clause, "numbers of the system calls", calls, 0x292aff);
}

/** Private words of the user function: what it has seen. */
let userException: i64 = 0;
let userFlags: i64 = 0;

function tryPrivileged(_rsp: i64): void {
  machine.cli();
  userException = raised();
  machine.wrmsr(EFER, 0);
  if (userException === exception(GP)) userException = raised();
  machine.hlt();
  if (userException === exception(GP)) userException = raised();
  machine.read_cr(0);
  if (userException === exception(GP)) userException = raised();
  // Neither interrupt flag nor privilege of ports is user mode's to change, and nothing is said of it.
  machine.popf(IOPL);
  userFlags = machine.pushf();
  machine.int_n(VECTOR);
}

function tryPorts(_rsp: i64): void {
  machine.cli();
  userFlags = machine.pushf();
  machine.sti();
}

function tryReturn(_rsp: i64): void {
  machine.iret(direct(frame(FRAME_DATA + 7)) + 2048);
}

function tryMisaligned(_rsp: i64): void {
  machine.load64(page(35) + 8);
  userException = raised();
  machine.load64(page(35) + 9);
}

function tryMemory(_rsp: i64): void {
  machine.load64(page(33));
  userException = raised();
  machine.store8(page(34), 1);
  machine.mfence();
  machine.load64(page(35));
  machine.store8(page(35), 1);
  machine.mfence();
}

export function processor_user_mode(): void {
  const clause = C.rule_processor_4;
  recordExceptions();
  gate(test.param(test.TEST_PARAM_IDT_VA), VECTOR, ignore.index);
  openToUser();
  inUserMode(tryPrivileged, 0x202);
  same(clause, "privileged instructions of user mode", userException, exception(GP));
  same(clause, "a gate that is not for user mode", raised(), exception(GP, VECTOR * 8 + 2));
  same(clause, "flags that user mode cannot change", userFlags & (0x200 | IOPL), 0x200);
  place(33, 1);
  put(34, leaf(2, USER) & ~WRITABLE);
  place(35, 3, USER);
  inUserMode(tryMemory, 0x202);
  same(clause, "a load from the kernel's page", userException, exception(PF, 5));
  same(clause, "a store to a page that cannot be written", raised(), exception(PF, 7));
  same(clause, "a byte stored by user mode", machine.load8(page(35)), 1);
  inUserMode(tryReturn, 0x202);
  same(clause, "a return through a frame of the kernel's", raised(), exception(PF, 5));
  inUserMode(tryMisaligned, 0x202 | ALIGNMENT);
  same(clause, "an aligned load with alignment checks", userException, 0);
  same(clause, "a load that is not", raised(), exception(AC));
  inUserMode(tryPorts, 0x202 | IOPL);
  same(clause, "what the privilege of ports allows", raised(), 0);
  same(clause, "interrupts disabled by user mode", userFlags & (0x200 | IOPL), IOPL);
}
