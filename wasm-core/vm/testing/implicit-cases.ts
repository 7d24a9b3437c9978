// Case 79: accesses in more than one line or page, and those that an instruction makes beside its operand, against stores of the other vCPU.
import { entryOf, word, X, Y } from "./cases";
import { barrier, codeAddr, DIRECT_MAP, invlpg, iret, load64, mfence, outcome, param, pause, quiet, reg, rmw, softInterrupt, store64, wrmsr } from "./imports";
import { gateOf, ICR, setGate } from "./kernel";


@external("machine", "exec") declare function exec(va: i64): void;
@external("machine", "pushf") declare function pushf(): i64;
@external("machine", "store32") declare function store32(va: i64, v: i32): void;

const VECTOR: i32 = 0x46;
const LOCKED_64: i32 = 0x130;
const ADD_LOCKED_64: i32 = 0x131;
const ADD_64: i32 = 0x31;
const CARRY: i64 = 1;
const TRAMPOLINE: i64 = DIRECT_MAP + 0x8000;
/** Private word: which handler ran. */
const WHICH: usize = 96;
const FRAME: i32 = 8;
const CODE: i32 = 16;

/** Seed: 0 load, 1 locked exchange-and-add of a word across two lines, 2 the same across two pages, 3 unlocked add across two lines, 4 INT, 5 IRET, 6 exec. */
export function runImplicitCase(role: i32): void {
  const what = param(3) as i32;
  if (what == 7) return startup();
  quiet(1);
  const shared = what == 2 ? param(13) + 4096 : word(X) + 8;
  if (role == 0) store64(shared, 0);
  setGate(VECTOR, what == 5 ? onCopied : onFirst);
  store<i64>(WHICH, 0);
  if (what == 6) {
    if (role == 0) store64(word(CODE), 0xc3_00000001_b8);
    const entry = entryOf(word(CODE));
    store64(entry, load64(entry) & i64.MAX_VALUE);
    invlpg(word(CODE));
  }
  load64(word(Y));
  load64(word(FRAME));
  if (what == 5 && role == 1) softInterrupt(VECTOR);
  barrier(1);
  quiet(0);
  if (role == 0) writes(what, shared);
  else reads(what, shared);
}

/** Role 0: its store, then what role 1 has said. */
function writes(what: i32, shared: i64): void {
  if (what < 3) store64(shared, 1);
  else if (what == 3) rmw(ADD_LOCKED_64, shared, 1);
  else if (what == 4) store64(param(17 | (1 << 8)) + VECTOR * 16, gateOf(onSecond));
  else if (what == 5) store64(word(FRAME) + 16, 0x202 | CARRY);
  else store32(word(CODE) + 1, 2);
  outcome(0, load64(word(Y)));
}

/** Role 1 says so (Y), and makes the access whose second part or implicit part meets role 0's store: outcome. */
function reads(what: i32, shared: i64): void {
  store64(word(Y), 1);
  if (what == 0) outcome(1, load64(shared - 4) >> 32);
  else if (what < 3) outcome(1, rmw(ADD_LOCKED_64, shared - 4, 0) >> 32);
  else if (what == 3) {
    rmw(ADD_64, shared - 4, (1 as i64) << 32);
    mfence();
    outcome(1, rmw(LOCKED_64 | 1, shared, 0));
  } else if (what == 4) {
    softInterrupt(VECTOR);
    outcome(1, load<i64>(WHICH));
  } else if (what == 5) {
    softInterrupt(VECTOR);
    outcome(1, pushf() & CARRY);
  } else {
    exec(word(CODE));
    outcome(1, reg(0));
  }
}

function onFirst(frame: i64): void {
  store<i64>(WHICH, 1);
  iret(frame);
}

function onSecond(frame: i64): void {
  store<i64>(WHICH, 2);
  iret(frame);
}

/** Returns by a copy of the frame in memory, made the first time, that the other vCPU writes to. */
function onCopied(frame: i64): void {
  for (let i = 0; i < 5 && !load<i64>(WHICH); i++) store64(word(FRAME) + i * 8, load64(frame + i * 8));
  store<i64>(WHICH, 1);
  iret(word(FRAME));
}

function startedFirst(rsp: i64): void {
  rmw(ADD_LOCKED_64, word(X), 1);
}

function startedSecond(rsp: i64): void {
  rmw(ADD_LOCKED_64, word(X), 2);
}

/** One role: starts vCPU 1 and names other code behind the SIPI. Outcome: where it began. */
function startup(): void {
  store64(TRAMPOLINE, codeAddr(startedFirst.index, 0));
  mfence();
  const icr: i64 = param(10 | (1 << 8)) << 32;
  wrmsr(ICR, icr | 0x4500);
  wrmsr(ICR, icr | 0x4608);
  store64(TRAMPOLINE, codeAddr(startedSecond.index, 0));
  while (load64(word(X)) == 0) pause();
  outcome(0, load64(word(X)));
}
