// The test kernel: boots all vCPUs through INIT and SIPI, takes vectors 0x40 and 14, and runs one small case per number.
import { DIRECT_MAP, hypercall, iret, load64, mfence, param, pause, store64, vcpu, wrmsr, codeAddr } from "./imports";
import { runCase } from "./cases";
import { onRace, onWitness } from "./search-cases";

export const ICR: i32 = 0x830;
export const EOI: i32 = 0x80b;
const SIPI_VECTOR: i64 = 8;
const TRAMPOLINE: i64 = DIRECT_MAP + 0x8000;

/** test.param(2) of kind D, whose vCPUs are started by hypercall. */
const DIRECT: i64 = 3;

/** Interrupts taken on this vCPU. */
export let taken: i32 = 0;
/** Where the #PF handler writes the missing entry, and the entry; 0 = the fault is not expected. */
export let repairAt: i64 = 0;
export let repairWith: i64 = 0;

export function expectFault(at: i64, entry: i64): void {
  repairAt = at;
  repairWith = entry;
}

/** Private word that interrupts raise. */
export const COUNTER: usize = 16;

function onInterrupt(frame: i64): void {
  store<i32>(COUNTER, load<i32>(COUNTER) + 1);
  taken += 1;
  wrmsr(EOI, 0);
  iret(frame);
}

/** A page fault: the error code lies below the frame. Repairs the entry and lets the access run again. */
function onPageFault(frame: i64): void {
  store64(repairAt, repairWith);
  iret(frame + 8);
}

/** Handlers that break the rules of returning. */
function onForgetful(frame: i64): void {}

function onTalkative(frame: i64): void {
  iret(frame);
  load64(frame);
}

export function setGate(vector: i32, handler: (frame: i64) => void): void {
  const at = param(7) + vector * 16;
  store64(at, gateOf(handler));
  store64(at + 8, (codeAddr(handler.index, 0) >> 32) & 0xffffffff);
}

/** Low half of the gate of a handler. */
export function gateOf(handler: (frame: i64) => void): i64 {
  const address = codeAddr(handler.index, 0);
  return (address & 0xffff) | (0x08 << 16) | ((0x8e as i64) << 40) | (((address >> 16) & 0xffff) << 48);
}

function fillGates(): void {
  setGate(14, onPageFault);
  setGate(0x40, onInterrupt);
  setGate(0x41, onForgetful);
  setGate(0x42, onTalkative);
  setGate(0x43, onWitness);
  setGate(0x44, onRace);
}

export function abi(): i64 {
  return 0x0001000000010000;
}

export function probe(op: i32): i32 {
  return 1;
}

/** Word of shared memory that counts the vCPUs that came up. */
export function upWord(): i64 {
  return param(13) + 4096;
}

export function start(rsp: i64): void {
  fillGates();
  const vcpus = param(0) as i32;
  for (let i = 1; i < vcpus; i++) {
    if (param(2) == DIRECT) {
      hypercall(3, i, codeAddr(ap_entry.index, 0), param(15 | (i << 8)), 0, 0, 0);
      while (load64(upWord()) != i) pause();
      continue;
    }
    store64(TRAMPOLINE, codeAddr(ap_entry.index, 0));
    store64(TRAMPOLINE + 8, 0);
    store64(TRAMPOLINE + 8, rootOf());
    store64(TRAMPOLINE + 16, param(15 | (i << 8)));
    mfence();
    const target = param(10 | (i << 8)) << 32;
    wrmsr(ICR, target | 0x4500);
    wrmsr(ICR, target | 0x4600 | SIPI_VECTOR);
    while (load64(upWord()) != i) pause();
  }
}

@external("machine", "read_cr") declare function readCr(n: i32): i64;

function rootOf(): i64 {
  return readCr(3);
}

function ap_entry(rsp: i64): void {
  ap_start(rsp);
}

export function ap_start(rsp: i64): void {
  fillGates();
  store64(upWord(), vcpu());
  mfence();
}

export function run(index: i32, role: i32): void {
  runCase(index, role);
}

