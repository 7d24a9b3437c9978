// Cases of the test kernel about page-table updates in batches, in kind D (direct-host.ts, direct-batch.ts): 59 to 66.
import { FLAG, word, X } from "./cases";
import { barrier, codeAddr, DIRECT_MAP, expect, expectEq, hypercall, iret, load64, outcome, param, quiet, rmw, state, store64 } from "./imports";

/** Hypercalls of direct-host.ts. */
const CALL_ENTRY: i64 = 1;
const CALL_FRAME: i64 = 2;
const CALL_ENTRY_VA: i64 = 4;
const CALL_EVENTS: i64 = 5;
const CALL_SEND: i64 = 8;
const CALL_MULTICALL: i64 = 13;
const CALL_WRONG: i64 = 20;
const CALL_FORCE: i64 = 22;

const AREA: i32 = 4;
const DONE: i32 = 5;
const REQUESTS: i32 = 7;
const LIST: i32 = 12;
const OP_UPDATE: i64 = 1;
const OP_IRET: i64 = 23;
const OP_FLUSH: i64 = 26;
const POISON: i64 = 0xaaaaaaaaaaaaaaaa;
const EINVAL: i64 = -22;
const ENOSYS: i64 = -38;
/** P, W, U, A, D; without A and D. */
const DATA: i64 = 0x67;
const CLEAN: i64 = 0x07;
const DIRTY: i64 = 0x40;
/** In a request's address: keep A and D. */
const KEEP: i64 = 2;
const IF: i64 = 0x200;

export function runBatchCase(index: i32, role: i32): void {
  switch (index) {
    case 59: return multicall();
    case 60: return rewritten(role);
    case 61: return dirtied(role);
    case 62: return interrupted();
    case 63: return staleBeforeFlush(role);
    case 64: return refusals();
    case 65: return upcall();
    case 66: return interleaved(role);
  }
  unreachable();
}

function call(nr: i64, a: i64, b: i64): i64 {
  return hypercall(nr, a, b, 0, 0, 0, 0);
}

/** The i-th page that cases may remap, and the machine address of its entry. */
function pageAt(i: i64): i64 {
  return DIRECT_MAP + ((param(5) + i) << 12);
}

function entryOf(i: i64): i64 {
  return call(CALL_ENTRY, pageAt(i), 0);
}

/** The value that maps the i-th page's own frame. */
function mapping(i: i64, flags: i64): i64 {
  return (call(CALL_FRAME, param(5) + i, 0) << 12) | flags;
}

/** va of the i-th page's entry: page tables lie in the direct map, read-only. */
function entryVa(i: i64): i64 {
  return call(CALL_ENTRY_VA, pageAt(i), 0);
}

function request(i: i32, entry: i64, value: i64): void {
  store64(word(REQUESTS) + i * 16, entry);
  store64(word(REQUESTS) + i * 16 + 8, value);
}

function listCall(i: i32, op: i64, requests: i64, count: i64, done: i64): void {
  const at = word(LIST) + i * 64;
  store64(at, op);
  store64(at + 16, requests);
  store64(at + 24, count);
  store64(at + 32, done);
}

function listUpdates(i: i32, first: i32, count: i64): void {
  listCall(i, OP_UPDATE, word(REQUESTS) + first * 16, count, 0);
}

function flush(list: i32, calls: i64): void {
  expectEq(59, call(CALL_MULTICALL, word(LIST) + list * 64, calls), 0);
}

function resultOf(i: i32): i64 {
  return load64(word(LIST) + i * 64 + 8);
}

/** One update, at once. */
function set(entry: i64, value: i64): void {
  request(3, entry, value);
  listUpdates(4, 3, 1);
  listCall(5, OP_FLUSH, 0, 0, 0);
  flush(4, 2);
  expectEq(59, resultOf(4), 0);
}

/** Pages 0 to 2 hold 1 to 3. */
function fillPages(): void {
  for (let i: i64 = 0; i < 3; i++) store64(pageAt(i), i + 1);
}

/**
 * A lazy batch of entries, flushed as one list of three calls: three updates that need a continuation, one that would make a page table
 * writable, and the flush. The list is neither fenced nor drained, and its calls are destroyed.
 */
function multicall(): void {
  fillPages();
  for (let i = 0; i < 3; i++) request(i, entryOf(i), mapping((i + 1) % 3, DATA));
  request(3, entryOf(0), (entryOf(0) & ~0xfff) | DATA);
  listUpdates(0, 0, 3);
  listUpdates(1, 3, 1);
  listCall(2, OP_FLUSH, 0, 0, 0);
  const exits = state(0, 10);
  flush(0, 3);
  expect(59, state(0, 8) > 0 ? 1 : 0);
  // Two slices of two requests.
  expectEq(59, state(0, 10) - exits, 2);
  expectEq(59, resultOf(0), 0);
  expectEq(59, resultOf(1), EINVAL);
  for (let i = 0; i < 3; i++) {
    for (let k = 0; k < 8; k++) if (k != 1) expectEq(59, load64(word(LIST) + i * 64 + k * 8), POISON);
    expectEq(59, load64(pageAt(i)), ((i + 1) % 3) + 1);
  }
}

/** Role 1 rewrites a request, while the host half serves it, to one that may not be: outcome the result, and what is mapped then. */
function rewritten(role: i32): void {
  quiet(1);
  if (role == 0) {
    fillPages();
    call(CALL_WRONG, param(3), 0);
    request(0, entryOf(0), mapping(1, DATA));
    listUpdates(0, 0, 1);
    listCall(1, OP_FLUSH, 0, 0, 0);
  }
  const table = (entryOf(0) & ~0xfff) | DATA;
  barrier(1);
  quiet(0);
  if (role == 1) {
    store64(word(REQUESTS) + 8, table);
    return;
  }
  flush(0, 2);
  outcome(0, resultOf(0) == EINVAL ? 22 : resultOf(0));
  outcome(1, load64(pageAt(0)));
}

/** Role 1's walk makes an entry dirty while the host half replaces it and keeps A and D. Outcome: the result, and whether it is dirty. */
function dirtied(role: i32): void {
  quiet(1);
  if (role == 0) {
    set(entryOf(0), mapping(0, CLEAN));
    call(CALL_WRONG, param(3), 0);
    request(0, entryOf(0) | KEEP, mapping(0, CLEAN));
    listUpdates(0, 0, 1);
    store64(word(X), entryVa(0));
  }
  barrier(1);
  quiet(0);
  if (role == 1) store64(pageAt(0), 5);
  else flush(0, 1);
  barrier(2);
  if (role == 1) return;
  outcome(0, resultOf(0) == EINVAL ? 22 : resultOf(0));
  outcome(1, load64(load64(word(X))) & DIRTY ? 1 : 0);
}

/** Private: requests that wait in the batch, whether updates are lazy, upcalls so far. */
let queued: i32 = 0;
let lazy: bool = false;
let upcalls: i64 = 0;
let inHandler: bool = false;

function maskEvents(): void {
  store64(word(AREA) + 8, 1);
}

function unmaskEvents(): void {
  store64(word(AREA) + 8, 0);
  if (load64(word(AREA))) call(CALL_FORCE, 0, 0);
}

/** set_pte: into the batch, or at once where nothing may wait; seed 1 forgets that a handler's may not. */
function setPte(i: i64, value: i64): void {
  if (!lazy || (inHandler && param(3) != 1)) return set(entryOf(i), value);
  maskEvents();
  request(queued, entryOf(i), value);
  queued += 1;
  unmaskEvents();
}

function leaveLazy(): void {
  maskEvents();
  listUpdates(0, 0, queued);
  listCall(1, OP_FLUSH, 0, 0, 0);
  lazy = false;
  queued = 0;
  flush(0, 2);
  unmaskEvents();
}

function onBatchEvent(frame: i64): void {
  rmw(0x130, word(AREA), 0);
  inHandler = true;
  upcalls += 1;
  setPte(2, mapping(0, DATA));
  expectEq(62, load64(pageAt(2)), 1);
  inHandler = false;
  iret(frame);
}

/** A batch of two updates with an interrupt at any boundary, whose handler needs an update of its own at once. Outcome: upcalls. */
function interrupted(): void {
  quiet(1);
  fillPages();
  upcalls = 0;
  call(CALL_EVENTS, word(AREA) - DIRECT_MAP, codeAddr(onBatchEvent.index, 0));
  quiet(0);
  lazy = true;
  setPte(0, mapping(1, DATA));
  setPte(1, mapping(2, DATA));
  leaveLazy();
  expectEq(62, load64(pageAt(0)), 2);
  expectEq(62, load64(pageAt(1)), 3);
  outcome(0, upcalls);
}

/**
 * Role 0 changes an entry, flushes (seed 0), and says so; role 1 reads whether it has said so, the entry, and the page. Outcome: 100 if it
 * has said so, + 10 if the entry is the new one, + what it reads: 1 through the old entry, 2 through the new one.
 */
function staleBeforeFlush(role: i32): void {
  if (role == 0) {
    fillPages();
    request(0, entryOf(0), mapping(1, DATA));
    listUpdates(0, 0, 1);
    listCall(1, OP_FLUSH, 0, 0, 0);
    store64(word(X), entryVa(0));
  }
  barrier(1);
  load64(pageAt(0));
  const was = load64(load64(word(X)));
  barrier(2);
  if (role == 0) {
    flush(0, param(3) == 0 ? 2 : 1);
    store64(word(FLAG), 1);
    return;
  }
  const said = load64(word(FLAG));
  const isNew = ((load64(load64(word(X))) ^ was) & ~0xfff) != 0;
  outcome(0, said * 100 + (isNew ? 10 : 0) + load64(pageAt(0)));
}

/** A list goes on behind what fails: `done` says how far the updates came; iret is refused, and so is what is no call. */
function refusals(): void {
  fillPages();
  request(0, entryOf(0), mapping(1, DATA));
  request(1, entryOf(0), (entryOf(0) & ~0xfff) | DATA);
  request(2, entryOf(1), mapping(0, DATA));
  request(4, entryOf(2), mapping(0, DATA));
  store64(word(DONE), 0);
  listCall(0, OP_UPDATE, word(REQUESTS), 3, word(DONE));
  listCall(1, OP_IRET, 0, 0, 0);
  listCall(2, 99, 0, 0, 0);
  listUpdates(3, 4, 1);
  listCall(4, OP_FLUSH, 0, 0, 0);
  flush(0, 5);
  expectEq(64, load64(word(DONE)), 1);
  expectEq(64, resultOf(0), EINVAL);
  expectEq(64, resultOf(1), EINVAL);
  expectEq(64, resultOf(2), ENOSYS);
  expectEq(64, resultOf(3), 0);
  for (let i = 0; i < 3; i++) expectEq(64, load64(pageAt(i)), i == 2 ? 1 : 2);
}

let frameOfUpcall: i64 = 0;

function onUpcall(frame: i64): void {
  rmw(0x130, word(AREA), 0);
  upcalls += 1;
  if (upcalls > 1) return iret(frame);
  frameOfUpcall = frame;
  // Masked by the host half: a second event waits for the return.
  expectEq(65, load64(word(AREA) + 8), 1);
  call(CALL_SEND, 0, 0);
  expectEq(65, upcalls, 1);
  iret(frame);
}

/** An event waits for its mask; its frame is what the machine's would be; the next one comes when it returns. */
function upcall(): void {
  upcalls = 0;
  maskEvents();
  call(CALL_EVENTS, word(AREA) - DIRECT_MAP, codeAddr(onUpcall.index, 0));
  call(CALL_SEND, 0, 0);
  expectEq(65, upcalls, 0);
  unmaskEvents();
  expectEq(65, upcalls, 2);
  expectEq(65, load64(frameOfUpcall + 8) & 3, 3);
  expect(65, load64(frameOfUpcall + 16) & IF ? 1 : 0);
  expectEq(65, load64(frameOfUpcall + 24) - frameOfUpcall, 40 + (load64(frameOfUpcall + 24) & 15));
  expectEq(65, load64(frameOfUpcall) >> 24, -0x71);
  expectEq(65, load64(word(AREA) + 8), 0);
}

/**
 * Role 0 lets three entries map page 1 in two slices; role 1 lets the first and the third map page 2 in one. Outcome: what the two map.
 */
function interleaved(role: i32): void {
  quiet(1);
  if (role == 0) {
    fillPages();
    for (let i = 0; i < 3; i++) request(i, entryOf(i), mapping(1, DATA));
    request(3, entryOf(0), mapping(2, DATA));
    request(4, entryOf(2), mapping(2, DATA));
    listUpdates(0, 0, 3);
    listUpdates(1, 3, 2);
    listCall(2, OP_FLUSH, 0, 0, 0);
  }
  barrier(1);
  quiet(0);
  flush(role, 1);
  barrier(2);
  if (role == 1) return;
  flush(2, 1);
  outcome(0, (load64(pageAt(0)) - 1) * 10 + load64(pageAt(2)) - 1);
}
