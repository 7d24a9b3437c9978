// Cases of the test kernel that start an AP: by ICR on the bare machine, by exits, and by a full context (start/host.ts). 90 to 93.
import { word, X } from "../cases";
import { codeAddr, DIRECT_MAP, expect, expectEq, hypercall, load64, mfence, outcome, param, pause, reg, rmw, setReg, state, store64, wrmsr } from "../imports";
import { ICR, upWord } from "../kernel";

@external("machine", "read_cr") declare function readCr(n: i32): i64;
@external("machine", "vmcall") declare function vmcall(): void;
@external("test", "tlb") declare function tlb(vcpu: i32, va: i64): i64;

const TRAMPOLINE: i64 = DIRECT_MAP + 0x8000;
const RAX: i32 = 0;
const RDX: i32 = 2;
const RDI: i32 = 7;
const STARTED: i64 = 1;
const INVALID_VP_INDEX: i64 = 0xe;
const INVALID_VP_STATE: i64 = 0x15;
const CR4_FIELD: i64 = 0x33;
const CR4: i64 = 0x6a0;

export function runStartCase(index: i32): void {
  switch (index) {
    case 90: return byIcr();
    case 91: return byIcrExits();
    case 92: return byContext();
    case 93: return byBadContext();
  }
  unreachable();
}

/** First code of the started vCPU: 1 to X if interrupts are off, the TLB is empty and the stack is the one that was asked for. */
function started(rsp: i64): void {
  const good = state(1, 1) == 0 && tlb(1, upWord()) == -1 && rsp == param(15 | (1 << 8));
  rmw(0x131, word(X), good ? STARTED : 100);
}

function startIpi(): void {
  const icr: i64 = param(10 | (1 << 8)) << 32;
  wrmsr(ICR, icr | 0x4500);
  wrmsr(ICR, icr | 0x4608);
}

/**
 * INIT and SIPI of vCPU 1, whose trampoline names other code now. The ICR is no fence: with one (seed 1) it starts there, without
 * it may start where it did at boot. Outcome: 1 and 0.
 */
function byIcr(): void {
  store64(upWord(), 0);
  mfence();
  store64(TRAMPOLINE, codeAddr(started.index, 0));
  if (param(3) == 1) mfence();
  startIpi();
  while (load64(word(X)) == 0 && load64(upWord()) == 0) pause();
  outcome(0, load64(word(X)));
}

/** The same where ICR writes leave guest mode: the host half turns the vCPU off and on. A SIPI without INIT is ignored. */
function byIcrExits(): void {
  hypercall(23, 0, 0, 0, 0, 0, 0);
  store64(TRAMPOLINE, codeAddr(started.index, 0));
  const icr: i64 = param(10 | (1 << 8)) << 32;
  wrmsr(ICR, icr | 0x4608);
  for (let i = 0; i < 20; i++) pause();
  expectEq(91, load64(word(X)), 0);
  startIpi();
  while (load64(word(X)) == 0) pause();
  expectEq(91, load64(word(X)), STARTED);
}

/** Input page: its guest-physical frame is not the machine's once the two pages are exchanged in the second level. */
function inputGpa(): i64 {
  return (param(5) as i64) << 12;
}

function startVp(gpa: i64, how: i64): i64 {
  setReg(RAX, 0x99);
  setReg(RDX, gpa);
  setReg(RDI, how);
  vmcall();
  return reg(RAX);
}

function segment(at: i64, base: i64, limit: i64, selector: i64): void {
  store64(at, base);
  store64(at + 8, limit | (selector << 32));
}

function writeContext(at: i64, vp: i64, cr4: i64): void {
  store64(at, -1);
  store64(at + 8, vp);
  store64(at + 16, codeAddr(started.index, 0));
  store64(at + 24, param(15 | (1 << 8)));
  store64(at + 32, 2);
  segment(at + 40, 0, 0xffffffff, 0x08);
  for (let i: i64 = 1; i < 5; i++) segment(at + 40 + i * 16, 0, 0xffffffff, 0x10);
  segment(at + 120, 0, 0xffffffff, 0x10);
  segment(at + 136, param(18 | (1 << 8)) + 0x100, 0x67, 0x30);
  segment(at + 152, 0, 0, 0);
  store64(at + 168, (0xfff as i64) << 48);
  store64(at + 176, param(17 | (1 << 8)));
  store64(at + 184, (0x3f as i64) << 48);
  store64(at + 192, param(18 | (1 << 8)));
  store64(at + 200, 0xd01);
  store64(at + 208, 0x80050033);
  store64(at + 216, readCr(3));
  store64(at + 224, cr4);
  store64(at + 232, 0x0007_0406_0007_0406);
}

function turnOff(): void {
  hypercall(22, 1, 0, 0, 0, 0, 0);
  expectEq(92, state(1, 0), 0);
}

/** A full context through the second level; seed 1: the host half leaves that out, and reads another page. */
function byContext(): void {
  turnOff();
  hypercall(20, inputGpa(), inputGpa() + 4096, 0, 0, 0, 0);
  const at = DIRECT_MAP + inputGpa();
  writeContext(at, 9, CR4);
  expectEq(92, startVp(inputGpa() + 4, 0), 4);
  expectEq(92, startVp(inputGpa(), param(3) & 1), INVALID_VP_INDEX);
  writeContext(at, 1, CR4);
  expectEq(92, startVp(inputGpa(), 0), 0);
  while (load64(word(X)) == 0) pause();
  expectEq(92, load64(word(X)), STARTED);
  expectEq(92, startVp(inputGpa(), 0), INVALID_VP_STATE);
}

/** A context with a reserved bit of CR4: the entry checks refuse it, the vCPU stays off, and a good one starts it. */
function byBadContext(): void {
  turnOff();
  const at = DIRECT_MAP + inputGpa();
  writeContext(at, 1, CR4 | ((1 as i64) << 40));
  expectEq(93, startVp(inputGpa(), 0), 0);
  while (hypercall(21, 0, 0, 0, 0, 0, 0) == 0) pause();
  expectEq(93, hypercall(21, 0, 0, 0, 0, 0, 0), CR4_FIELD);
  expectEq(93, state(1, 0), 0);
  expect(93, load64(word(X)) == 0 ? 1 : 0);
  writeContext(at, 1, CR4);
  expectEq(93, startVp(inputGpa(), 0), 0);
  while (load64(word(X)) == 0) pause();
  expectEq(93, load64(word(X)), STARTED);
}
