// Cases 142 and 143: transfers of control to code that cannot be fetched. 142: the guest half's entry (guest.ts), which marks the word
// at RSI and calls the kernel's code at RDI; the kernel's handler repairs the page. 143, kind D: the kernel's code, and the host half does.
import { entryOf, word, X, Y } from "./cases";
import { callCode, codeAddr, DIRECT_MAP, expectEq, hypercall, invlpg, iret, load64, mfence, param, pause, setReg, softInterrupt, store64, wrmsr } from "./imports";
import { gateOf, ICR } from "./kernel";

@external("machine", "read_cr") declare function readCr(n: i32): i64;
@external("machine", "ctx_set_reg") declare function setContextReg(r: i32, v: i64): void;
@external("pvi", "xen_context") declare function guestEntry(context: i64, apStart: i64, rsp: i64, flag: i64): void;

const VECTOR: i32 = 0x46;
const TRAMPOLINE: i64 = DIRECT_MAP + 0x8000;
const PRESENT: i64 = 1;
const NX: i64 = i64.MIN_VALUE;
const FETCH: i64 = 16;
const RSI: i32 = 6;
const RDI: i32 = 7;
/** Words: faults taken; what the last one said: error code, CR2, RIP; and from here on what guestEntry writes. */
const FAULTS: i32 = 4;
const ERROR: i32 = 5;
const ADDRESS: i32 = 6;
const AT: i32 = 7;
const CONTEXT: i32 = 16;

/** Seed: bit 0 not present instead of not executable; from bit 1: 0 delivery, 1 call_code, 2 start of vCPU 1. */
export function runFetchCase(): void {
  const seed = param(3) as i32;
  guestEntry(word(CONTEXT), 0, 0, 0);
  const target = load64(word(CONTEXT) + 648);
  handle(0);
  handle(1);
  setReg(RSI, word(X));
  setReg(RDI, follower());
  const entry = entryOf(target);
  store64(entry, seed & 1 ? load64(entry) & ~PRESENT : load64(entry) | NX);
  invlpg(target);
  transfer(seed >> 1, target);
  expectEq(142, load64(word(FAULTS)), 1);
  expectEq(142, load64(word(ERROR)), seed & 1 ? FETCH : FETCH | PRESENT);
  expectEq(142, load64(word(ADDRESS)), target);
  expectEq(142, load64(word(X)), 1);
}

/** What the guest half's entry calls. */
function follower(): i64 {
  const how = (param(3) as i32) >> 1;
  return codeAddr(how == 0 ? onReturn.index : onCall.index, 0);
}

/** Gate 14 of a vCPU. */
function handle(vcpu: i32): void {
  const gate = param(17 | (vcpu << 8)) + 14 * 16;
  store64(gate, gateOf(onFault));
  mfence();
}

function transfer(how: i32, target: i64): void {
  if (how == 1) {
    callCode(target, 5);
    return expectEq(142, load64(word(Y)), 5);
  }
  if (how == 0) {
    const gate = param(7) + VECTOR * 16;
    store64(gate, (target & 0xffff) | (0x08 << 16) | ((0x8e as i64) << 40) | (((target >> 16) & 0xffff) << 48));
    store64(gate + 8, (target >> 32) & 0xffffffff);
    softInterrupt(VECTOR);
    return expectEq(142, load64(word(AT)), target);
  }
  store64(TRAMPOLINE, target);
  mfence();
  const icr: i64 = param(10 | (1 << 8)) << 32;
  wrmsr(ICR, icr | 0x4500);
  wrmsr(ICR, icr | 0x4608);
  while (load64(word(Y)) == 0) pause();
  expectEq(142, load64(word(AT)), target);
}

/** Says what came, makes the page what it was, and gives whoever is started its registers. */
function onFault(frame: i64): void {
  store64(word(FAULTS), load64(word(FAULTS)) + 1);
  store64(word(ERROR), load64(frame));
  store64(word(ADDRESS), readCr(2));
  store64(word(AT), load64(frame + 8));
  const entry = entryOf(readCr(2));
  store64(entry, (load64(entry) & ~NX) | PRESENT);
  setContextReg(RSI, word(X));
  setContextReg(RDI, follower());
  iret(frame + 8);
}

function onReturn(frame: i64): void {
  iret(frame);
}

function onCall(argument: i64): void {
  store64(word(Y), argument);
  mfence();
}

/** Seed: 0 call_code, 1 an event that the host half bounces. The host half counts the faults and answers the last one's error code. */
export function runDirectFetchCase(): void {
  const code = codeAddr(param(3) ? onEvent.index : onCall.index, 0);
  if (param(3)) hypercall(5, word(CONTEXT) - DIRECT_MAP, code, 0, 0, 0, 0);
  hypercall(28, code, 0, 0, 0, 0, 0);
  if (param(3)) hypercall(8, 0, 0, 0, 0, 0, 0);
  else callCode(code, 7);
  expectEq(143, load64(word(Y)), 7);
  // P, U and I: the kernel's code runs at CPL 3.
  expectEq(143, hypercall(29, code, 0, 0, 0, 0, 0), (1 << 8) | 0x15);
}

function onEvent(frame: i64): void {
  store64(word(CONTEXT), 0);
  store64(word(Y), 7);
  iret(frame);
}
