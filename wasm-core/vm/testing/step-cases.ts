// Cases 144 to 148: steps that others can come between and no call names (walks of a delivery, parts of a host half's access), and areas
// that were taken back.
import { word, X } from "./cases";
import { barrier, DIRECT_MAP, expectEq, hypercall, iret, load32, load64, outcome, param, quiet, rmw, softInterrupt, store32, store64 } from "./imports";
import { gateOf, setGate } from "./kernel";

@external("machine", "read_cr") declare function readCr(n: i32): i64;

const VECTOR: i32 = 0x46;
const TSS_OFFSET: i64 = 0x100;
const IST_1: i64 = 0x24;
const FRAME: i64 = 0x000ffffffffff000;
const ACCESSED: i64 = 0x20;
/** P, W. */
const TABLE: i64 = 3;
/** Root slot that nobody uses, and the page there. */
const SLOT: i64 = 192;
const PAGE: i64 = SLOT << 39;
const ADD_64: i32 = 0x31;
const ADD_LOCKED_64: i32 = 0x131;

/** va of a table of free page i. */
function table(i: i64): i64 {
  return DIRECT_MAP + ((param(5) + i) << 12);
}

/** Maps PAGE through tables of its own, in which nothing is accessed yet. */
function mapAside(): void {
  for (let i: i64 = 0; i < 3; i++) store64(table(i), ((param(5) + i + 1) << 12) | TABLE);
  store64(DIRECT_MAP + (readCr(3) & FRAME) + SLOT * 8, (param(5) << 12) | TABLE);
}

function onReturn(frame: i64): void {
  iret(frame);
}

/**
 * Role 1 takes a software interrupt on a stack in PAGE. Seed 0: role 0 reads whether the upper, then whether the last table is
 * accessed. 1: role 0 has said so (X) when it reads the pushed CS, and role 1 whether it has. 2: as 1, but whether the last table
 * is accessed.
 */
export function runWalkCase(role: i32): void {
  const seed = param(3);
  quiet(1);
  // By role 0, so that what role 1's walks write is all that others write there.
  if (role == 0) mapAside();
  else {
    const tss = param(18 | (1 << 8)) + TSS_OFFSET;
    store64(tss + IST_1, PAGE + 4096);
    setGate(VECTOR, onReturn);
    store64(param(7) + VECTOR * 16, gateOf(onReturn) | ((1 as i64) << 32));
  }
  // Role 0 walks no tables when it reads: only what it reads could make a difference.
  for (let i: i64 = 0; i < 4; i++) load64(table(i));
  barrier(1);
  quiet(0);
  if (role == 1) {
    if (seed) outcome(1, rmw(ADD_LOCKED_64, word(X), 0));
    return softInterrupt(VECTOR);
  }
  if (seed) {
    rmw(ADD_LOCKED_64, word(X), 1);
    return outcome(0, seed == 1 ? load64(table(3) + 4096 - 32) : (load64(table(2)) & ACCESSED) / ACCESSED);
  }
  outcome(0, (load64(table(0)) & ACCESSED) / ACCESSED);
  outcome(1, (load64(table(2)) & ACCESSED) / ACCESSED);
}

/**
 * Role 0 has the host half access 8 bytes at X + 4 by hypercall 42 (1 in both halves), role 1 the two halves itself. Seed: 0 store, 1 unlocked
 * addition, 2 locked addition, 3 load, all of them read by role 1 but the last, of which role 0 says what it got.
 */
export function runHostPartsCase(role: i32): void {
  const seed = param(3);
  quiet(1);
  if (role == 0) store64(word(X), 0);
  if (role == 0) store64(word(X) + 8, 0);
  barrier(1);
  quiet(0);
  if (role == 0) {
    const got = hypercall(42, seed, word(X) + 4 - DIRECT_MAP, 0, 0, 0, 0);
    if (seed != 3) return;
    outcome(0, got & 0xffffffff);
    return outcome(1, got >>> 32);
  }
  if (seed == 3) {
    store32(word(X) + 4, 1);
    return store32(word(X) + 8, 1);
  }
  outcome(0, load32(word(X) + 4));
  outcome(1, load32(word(X) + 8));
}

/**
 * Role 1 has the host half stop vCPU 0, which adds 1 to X without LOCK, add 1 itself meanwhile, and let it go: never between the two
 * steps of an instruction, where one of the additions would be lost.
 */
export function runStoppedCase(role: i32): void {
  barrier(1);
  if (role == 0) rmw(ADD_64, word(X), 1);
  else hypercall(44, 0, word(X) - DIRECT_MAP, 0, 0, 0, 0);
  barrier(2);
  if (role == 0) outcome(0, load64(word(X)));
}

/** A write fault whose delivery needs a page that nobody has used: what the handler finds below its frame, and where the fault was. */
export function runInterruptedCase(): void {
  mapAside();
  store64(param(18) + TSS_OFFSET + IST_1, PAGE + 4096);
  setGate(14, onFault);
  store64(param(7) + 14 * 16, gateOf(onFault) | ((1 as i64) << 32));
  store64(UNMAPPED, 1);
  expectEq(148, load<i64>(ERROR), WRITE);
  expectEq(148, load<i64>(ERROR + 8), UNMAPPED);
  store64(DIRECT_MAP + (readCr(3) & FRAME) + SLOT * 8, 0);
}

/** Keeps the error code and the address, and goes on behind the instruction. */
function onFault(frame: i64): void {
  store<i64>(ERROR, load64(frame));
  store<i64>(ERROR + 8, readCr(2));
  store64(frame + 8, load64(frame + 8) + 1);
  iret(frame + 8);
}

const UNMAPPED: i64 = (193 as i64) << 39;
const WRITE: i64 = 2;
const ERROR: usize = 96;

/** Role 0 revokes the page of X; then (seed 0 not, 1 yes) the host half stores there what it holds. */
export function runRevokedCase(): void {
  revoked(146, word(X) - DIRECT_MAP, 1);
  hypercall(43, param(3), word(X) - DIRECT_MAP, 0, 0, 0, 0);
  if (param(3) != 2) return;
  revoked(146, word(X) - DIRECT_MAP, 0);
  hypercall(43, 1, word(X) - DIRECT_MAP, 0, 0, 0, 0);
}

@external("test", "revoked") declare function revoked(clause: i32, gpa: i64, pages: i32): void;
