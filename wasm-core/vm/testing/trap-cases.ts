// Cases of the test kernel on a trap-and-emulate machine (kind F, trap-host.ts): A and D, a virtual IF, faults, watched tables. 80 to 83.
import { entryOf } from "./cases";
import { advance, cli, DIRECT_MAP, expectEq, hypercall, invlpg, iret, load64, param, rmw, softInterrupt, sti, store64 } from "./imports";
import { setGate, taken } from "./kernel";

@external("machine", "read_cr") declare function readCr(n: i32): i64;
@external("machine", "write_cr") declare function writeCr(n: i32, v: i64): void;
@external("machine", "pushf") declare function pushf(): i64;
@external("machine", "popf") declare function popf(flags: i64): void;
@external("machine", "ud") declare function ud(): void;
@external("machine", "nop") declare function nop(): void;

const ACCESSED: i64 = 0x20;
const DIRTY: i64 = 0x40;
const MARKS: i64 = 0x60;
const WRITABLE: i64 = 2;
const IF: i64 = 0x200;
const WATCH: i64 = 24;
const TIMER: i64 = 25;
const SCRATCH_VECTOR: i32 = 0x48;
/** Private words of the fault handlers: error code, CR2, faults so far. */
const ERROR: usize = 96;
const ADDRESS: usize = 104;
const FAULTS: usize = 112;
/** Where the page-fault handler repairs, and with what. */
const ENTRY: usize = 120;
const REPAIR: usize = 128;

export function runTrapCase(index: i32): void {
  switch (index) {
    case 80: return marks();
    case 81: return virtualFlag(param(3) as i32);
    case 82: return trueFaults();
    case 83: return exchanged();
  }
  unreachable();
}

function page(): i64 {
  return DIRECT_MAP + ((param(5) as i64) << 12);
}

/** The host half shows the page table read-only and emulates stores to it. */
function watch(entry: i64): void {
  hypercall(WATCH, entry, 0, 0, 0, 0, 0);
}

/** A after a read and D after a write are in the guest's entry behind INVLPG and a load of CR3; what was cleared stays so. */
function marks(): void {
  const entry = entryOf(page());
  const clean = load64(entry) & ~MARKS;
  watch(entry);
  store64(entry, clean);
  invlpg(page());
  expectEq(80, load64(entry), clean);
  load64(page());
  invlpg(page());
  expectEq(80, load64(entry), clean | ACCESSED);
  store64(page(), 1);
  writeCr(3, readCr(3));
  expectEq(80, load64(entry), clean | MARKS);
  store64(entry, clean);
  invlpg(page());
  expectEq(80, load64(entry), clean);
  // What is marked in the shadow when the entry is exchanged is in what the exchange answers.
  store64(page(), 2);
  expectEq(80, rmw(0x130, entry, clean), clean | MARKS);
  invlpg(page());
  expectEq(80, load64(entry), clean);
}

/** The timer's interrupt waits behind a virtual IF of 0, until STI (how 0), POPF (1) or an IRET (2) sets it. */
function virtualFlag(how: i32): void {
  setGate(SCRATCH_VECTOR, onScratch);
  cli();
  expectEq(81, pushf() & IF, 0);
  hypercall(TIMER, 10_000, 0, 0, 0, 0, 0);
  advance(20_000);
  for (let i = 0; i < 3; i++) load64(page());
  expectEq(81, taken, 0);
  if (how == 0) {
    sti();
    // The shadow: one instruction still comes first.
    load64(page());
    expectEq(81, taken, 0);
    load64(page());
  } else if (how == 1) {
    popf(pushf() | IF);
    load64(page());
  } else {
    softInterrupt(SCRATCH_VECTOR);
    load64(page());
  }
  expectEq(81, taken, 1);
  expectEq(81, pushf() & IF, IF);
}

/** Returns with IF = 1 from an interrupt that came at IF = 0. */
function onScratch(frame: i64): void {
  expectEq(81, taken, 0);
  store64(frame + 16, load64(frame + 16) | IF);
  iret(frame);
}

/** Faults of the guest's own: #PF by its tables with error code and CR2, after whose repair the access runs again; #UD is skipped. */
function trueFaults(): void {
  const entry = entryOf(page());
  const mapping = load64(entry);
  setGate(14, onPageFault);
  setGate(6, onUndefined);
  store<i64>(FAULTS, 0);
  store<i64>(ENTRY, entry);
  store<i64>(REPAIR, mapping);
  store64(entry, mapping & ~WRITABLE);
  invlpg(page());
  store64(page() + 8, 77);
  expectEq(82, load<i64>(FAULTS), 1);
  expectEq(82, load<i64>(ERROR), 3);
  expectEq(82, load<i64>(ADDRESS), page() + 8);
  expectEq(82, load64(page() + 8), 77);
  store64(entry, 0);
  invlpg(page());
  expectEq(82, load64(page() + 8), 77);
  expectEq(82, load<i64>(ERROR), 0);
  ud();
  expectEq(82, load<i64>(FAULTS), 3);
}

function onPageFault(frame: i64): void {
  store<i64>(ERROR, load64(frame));
  store<i64>(ADDRESS, readCr(2));
  store<i64>(FAULTS, load<i64>(FAULTS) + 1);
  store64(load<i64>(ENTRY), load<i64>(REPAIR));
  iret(frame + 8);
}

function onUndefined(frame: i64): void {
  store<i64>(FAULTS, load<i64>(FAULTS) + 1);
  store64(frame, load64(frame) + 1);
  iret(frame);
}

/** Locked and unlocked read-modify-writes of a watched entry answer what was there, and take effect. */
function exchanged(): void {
  const entry = entryOf(page());
  const mapping = load64(entry);
  watch(entry);
  store64(page(), 1);
  store64(page() + 4096, 2);
  expectEq(83, rmw(0x130, entry, mapping + 0x1000) & ~MARKS, mapping & ~MARKS);
  expectEq(83, load64(page()), 2);
  expectEq(83, rmw(0x31, entry, -0x1000) & ~MARKS, (mapping + 0x1000) & ~MARKS);
  expectEq(83, load64(page()), 1);
  nop();
}
