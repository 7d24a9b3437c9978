// Cases of the test kernel about what a delivery reads (78: IDT, GDT, TSS) and what leaving guest mode drains (75).
import { word, X, Y } from "./cases";
import { barrier, hypercall, iret, load64, mayEnd, outcome, param, pause, quiet, rmw, state, store64, wrmsr } from "./imports";
import { EOI, gateOf, ICR, setGate } from "./kernel";

/** Hypercalls of the test host halves: stop the other vCPU, kick it. */
const CALL_STOP: i64 = 26;
const CALL_KICK: i64 = 27;
/** Of the direct one: answers a number. */
const CALL_ADDRESS: i64 = 21;
/** test.param(2) of kind D. */
const DIRECT: i64 = 3;
/** Of test.state. */
const BUFFERED: i32 = 8;
const EXITS: i32 = 10;
/** Of test.may_end. */
const TRIPLE_FAULT: i32 = 4;
const VECTOR: i32 = 0x46;
const TSS_OFFSET: i64 = 0x100;
const IST_1: i64 = 0x24;
const PRESENT: i64 = 1 << 47;
const KERNEL_CS: i64 = 8;
/** Private word: which handler ran, or on which stack. */
const WHICH: usize = 96;

export function runDeliveryCase(index: i32, role: i32): void {
  if (index == 75) return leaving(role);
  delivery(role);
}

/**
 * Role 0, on vCPU 1, has a store in its buffer when role 1 has it stopped (seed 0) or kicked (seed 1). Outcome: stores that
 * wait before, behind, and (kind D) when role 1 has taken the host half's lock once more.
 */
function leaving(role: i32): void {
  barrier(1);
  if (role == 0) {
    store64(word(X), 1);
    // Seldom: the third pause makes stores visible by itself, as does a turn of 64 points.
    for (let i = 0; load64(word(Y)) == 0; i++) if (i % 24 == 0) pause();
    return;
  }
  while (state(1, BUFFERED) == 0) pause();
  const exits = state(1, EXITS);
  outcome(0, state(1, BUFFERED));
  hypercall(param(3) == 0 ? CALL_STOP : CALL_KICK, 0, 0, 0, 0, 0, 0);
  while (param(3) == 1 && state(1, EXITS) == exits) pause();
  outcome(1, state(1, BUFFERED));
  if (param(2) == DIRECT) hypercall(CALL_ADDRESS, 0, 0, 0, 0, 0, 0);
  outcome(2, state(1, BUFFERED));
  store64(word(Y), 1);
}

function onFirst(frame: i64): void {
  // Two stacks in one page: the upper, then the lower half.
  store<i64>(WHICH, (frame & 0xfff) < 2048 ? 2 : 1);
  wrmsr(EOI, 0);
  iret(frame);
}

function onSecond(frame: i64): void {
  store<i64>(WHICH, 2);
  wrmsr(EOI, 0);
  iret(frame);
}

/** Role 0 says that it will (X) and rewrites role 1's gate (seed 0), the code segment (1), or the handler's stack in the TSS (2). */
function rewrite(what: i64, gate: i64): void {
  const gdt = param(18 | (1 << 8));
  const at = what == 0 ? param(17 | (1 << 8)) + VECTOR * 16 : what == 1 ? gdt + KERNEL_CS : gdt + TSS_OFFSET + IST_1;
  const value = what == 0 ? gate : what == 1 ? load64(at) & ~PRESENT : load64(at) - 2048;
  load64(word(X));
  barrier(1);
  quiet(0);
  rmw(0x30, word(X), 1);
  store64(at, value);
}

/** Role 1 reads X and takes an interrupt. Outcome: 10·X + 1 the handler or stack of before, 2 the other one; none if the segment is gone. */
function delivery(role: i32): void {
  quiet(1);
  const what = param(3) & 3;
  mayEnd(TRIPLE_FAULT);
  if (role == 0) return rewrite(what, gateOf(onSecond));
  setGate(VECTOR, onFirst);
  if (what == 2) {
    const gate = param(17 | (1 << 8)) + VECTOR * 16;
    store64(param(18 | (1 << 8)) + TSS_OFFSET + IST_1, param(14 | (1 << 8)) + 4096);
    store64(gate, load64(gate) | ((1 as i64) << 32));
  }
  store<i64>(WHICH, 0);
  load64(word(X));
  load64(word(Y));
  barrier(1);
  quiet(0);
  const said = load64(word(X));
  if (!(param(3) & 4)) wrmsr(ICR, (param(10 | (1 << 8)) << 32) | VECTOR);
  load64(word(Y));
  outcome(0, said * 10 + load<i64>(WHICH));
}
