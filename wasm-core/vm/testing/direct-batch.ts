// Multicalls of page-table updates of the test host half of kind D, as Xen has them (public/xen.h: multicall_entry, mmu_update).
//
//   call (64 bytes): | op u64 | result i64 | args u64[6] |     op 1 mmu_update: requests va, count, va of u64 done (0 = none)
//   request (16):    | ma of the entry, bit 1: keep A and D u64 | value u64 |     op 26 mmuext: flush everybody's TLB   op 23 iret
import { done } from "./host-common";
import { cmpxchg, load64, owner, param, release, stop, store64, tlb, translate } from "./host-imports";
import { FRAME, isTable } from "./direct-paging";

/** Requests that one execution of a multicall serves. */
const SLICE: i32 = 2;
const EINVAL: i64 = -22;
const ENOSYS: i64 = -38;
const POISON: i64 = 0xaaaaaaaaaaaaaaaa;
const CALL_BYTES: i64 = 64;
const ARGUMENTS: i64 = 16;
const ACCESSED_DIRTY: i64 = 0x60;
const KEEP: i64 = 2;
const OP_UPDATE: i64 = 1;
const OP_IRET: i64 = 23;
const OP_FLUSH: i64 = 26;

/** What the host half does wrong: 0 nothing. */
export const enum Wrong {
  FETCHES_TWICE = 1,
  STORES_BLINDLY = 2,
  GIVES_UP = 3,
}
export let wrong: i64 = 0;

export function misbehave(how: i64): void {
  wrong = how;
}

let left: i32 = 0;

/** One slice of a list of calls at va: progress is kept in the list, and RIP stays until all is done. */
export function multicall(vcpu: i32, list: i64, count: i32): i32 {
  left = SLICE;
  for (let i = 0; i < count; i++) {
    const at = translate(vcpu, list + i * CALL_BYTES, 1);
    const op = load64(at);
    if (op == POISON) continue;
    if (op == OP_UPDATE) {
      if (!updates(vcpu, at + ARGUMENTS)) return 0;
    } else {
      if (op == OP_FLUSH) flushEverybody(vcpu);
      result = op == OP_FLUSH ? 0 : op == OP_IRET ? EINVAL : ENOSYS;
    }
    finish(at);
  }
  return done(vcpu, 0);
}

let result: i64 = 0;

/** Answers a call, and destroys what it was given. */
function finish(at: i64): void {
  store64(at + 8, result);
  store64(at, POISON);
  for (let i: i64 = 0; i < 6; i++) store64(at + ARGUMENTS + i * 8, POISON);
}

/** mmu_update: false where the slice ends before the requests do, with arguments that go on there. */
function updates(vcpu: i32, args: i64): bool {
  const requests = load64(args);
  const count = load64(args + 8) as i32;
  const doneVa = load64(args + 16);
  let i: i32 = 0;
  result = 0;
  for (; i < count && left && !result; left--) {
    result = update(translate(vcpu, requests + i * 16, 0));
    if (!result) i += 1;
  }
  if (doneVa) {
    const doneAt = translate(vcpu, doneVa, 1);
    store64(doneAt, load64(doneAt) + i);
  }
  if (result || i == count) return true;
  store64(args, requests + i * 16);
  store64(args + 8, count - i);
  return false;
}

/** Writes one entry: the guest may map its own frames, page tables only for reading. */
function update(request: i64): i64 {
  const where = load64(request);
  const entry = where & ~7;
  let value = load64(request + 8);
  const mfn = (value & FRAME) >> 12;
  if (owner(mfn) != 1 || (value & 2 && isTable(mfn)) || !isTable(entry >> 12)) return EINVAL;
  if (wrong == Wrong.FETCHES_TWICE) value = load64(request + 8);
  return replace(entry, value, (where & KEEP) != 0);
}

/** Exchanges an entry against what walks may set in it at any time: A and D. */
function replace(entry: i64, value: i64, keep: bool): i64 {
  let was = load64(entry);
  if (wrong == Wrong.STORES_BLINDLY) store64(entry, keep ? value | (was & ACCESSED_DIRTY) : value);
  else {
    let found = cmpxchg(0x130, entry, was, keep ? value | (was & ACCESSED_DIRTY) : value);
    while (found != was) {
      if ((found ^ was) & ~ACCESSED_DIRTY || wrong == Wrong.GIVES_UP) return EINVAL;
      was = found;
      found = cmpxchg(0x130, entry, was, keep ? value | (was & ACCESSED_DIRTY) : value);
    }
  }
  return 0;
}

function flushEverybody(self: i32): void {
  for (let v = 0; v < (param(0) as i32); v++) {
    if (v != self) stop(v);
    tlb(v, 0, 0, 0);
    if (v != self) release(v);
  }
}
