// Loads, stores and read-modify-writes by virtual address, in the steps in which other vCPUs can see them.
//
// An access is one part, or two when it crosses 8 aligned bytes. Both parts are translated before the first is made; every
// part of an unlocked access is a step of its own (v.phase counts them). A locked access is one step.
import { checkAlignment, watch } from "./debug";
import { fault, Vector } from "./faults";
import { physLoad, physStore } from "./frames";
import { Step } from "./ops";
import { Access } from "./paging";
import { sbDrainAll, sbLoad, sbStore } from "./storebuffer";
import { translate, translated } from "./translate";
import { Vcpu } from "./vcpu";

/** Result of the last access that answered DONE. */
export let accessValue: u64 = 0;

const LOCK: u32 = 0x100;

/** Bytes of the first part of an access. */
@inline
function firstPart(va: u64, size: u32): u32 {
  const room: u32 = 8 - (<u32>va & 7);
  return size < room ? size : room;
}

/** Translates both parts into part_ma0 and part_ma1: DONE, or translate's other answers. */
function translateParts(v: Vcpu, va: u64, size: u32, access: u32): i32 {
  let status = translate(v, va, access);
  v.fault_second = 0;
  if (status != Step.DONE) return status;
  const first = translated;
  const length = firstPart(va, size);
  let second = first + length;
  if (length != size && ((va + length) & 0xfff) == 0) {
    status = translate(v, va + length, access);
    v.fault_second = status == Step.FAULT ? 1 : 0;
    if (status != Step.DONE) return status;
    second = translated;
  }
  v.part_ma0 = first;
  v.part_ma1 = second;
  return Step.DONE;
}

/** What comes before an access: alignment check, translation; then breakpoints see it. */
function begin(v: Vcpu, va: u64, size: u32, access: u32): i32 {
  const aligned = checkAlignment(v, va, size);
  if (aligned != Step.DONE) return aligned;
  const status = translateParts(v, va, size, access);
  if (status != Step.DONE) return status;
  v.count_accesses += 1;
  watch(v, va, size, access == <u32>Access.WRITE);
  return Step.DONE;
}

@inline
function maskOf(size: u32): u64 {
  return ~(<u64>0) >> (64 - (size << 3));
}

/** Ends an instruction that had steps. */
function finish(v: Vcpu, value: u64): i32 {
  v.phase = 0;
  v.part_ma0 = v.part_ma1 = 0;
  v.part_value = 0;
  accessValue = value;
  return Step.DONE;
}

@inline
function split(v: Vcpu): i32 {
  v.phase += 1;
  return Step.SPLIT;
}

/** Load of 1–8 bytes. DONE: accessValue. */
export function loadVa(v: Vcpu, va: u64, size: u32): i32 {
  const length = firstPart(va, size);
  if (v.phase == 0) {
    const status = begin(v, va, size, Access.READ);
    if (status != Step.DONE) return status;
    v.part_value = sbLoad(v, v.part_ma0, length);
    return length == size ? finish(v, v.part_value) : split(v);
  }
  return finish(v, v.part_value | (sbLoad(v, v.part_ma1, size - length) << (length << 3)));
}

/** Store of 1–8 bytes into the store buffer. */
export function storeVa(v: Vcpu, va: u64, size: u32, value: u64): i32 {
  const length = firstPart(va, size);
  if (v.phase == 0) {
    const status = begin(v, va, size, Access.WRITE);
    if (status != Step.DONE) return status;
    sbStore(v, v.part_ma0, length, value & maskOf(length));
    return length == size ? finish(v, 0) : split(v);
  }
  sbStore(v, v.part_ma1, size - length, (value >> (length << 3)) & maskOf(size - length));
  return finish(v, 0);
}

/** New value of an rmw operation on `old`; both are size bytes wide. */
export function applyRmw(op: u32, old: u64, operand: u64, size: u32): u64 {
  const bit = <u64>1 << (operand & ((size << 3) - 1));
  switch (op) {
    case 0: return operand;
    case 1: return old + operand;
    case 2: return old & operand;
    case 3: return old | operand;
    case 4: return old ^ operand;
    case 5: return old | bit;
    case 6: return old & ~bit;
    default: return old ^ bit;
  }
}

/** machine.rmw: accessValue is the old value. Unknown operations are #UD. */
export function rmwVa(v: Vcpu, code: u32, va: u64, operand: u64): i32 {
  const op = code & 15;
  if (op > 7 || code & ~(<u32>0x13f)) return fault(v, Vector.UD);
  return modify(v, op, 1 << ((code >> 4) & 3), va, operand, 0, op == 0 || (code & LOCK) != 0);
}

/** machine.cmpxchg: accessValue is the old value. */
export function cmpxchgVa(v: Vcpu, code: u32, va: u64, expected: u64, value: u64): i32 {
  if (code & ~(<u32>0x130)) return fault(v, Vector.UD);
  return modify(v, CMPXCHG, 1 << ((code >> 4) & 3), va, value, expected, (code & LOCK) != 0);
}

const CMPXCHG: u32 = 8;

/** A failed compare writes the old value back, as x86 does; the write is real for unlocked ones. */
@inline
function newValue(op: u32, old: u64, operand: u64, expected: u64, size: u32): u64 {
  if (op != CMPXCHG) return applyRmw(op, old, operand, size);
  return old == (expected & maskOf(size)) ? operand : old;
}

function modify(v: Vcpu, op: u32, size: u32, va: u64, operand: u64, expected: u64, locked: bool): i32 {
  const length = firstPart(va, size);
  if (v.phase == 0) {
    const status = begin(v, va, size, Access.WRITE);
    if (status != Step.DONE) return status;
    if (locked) return modifyLocked(v, op, size, length, operand, expected);
    v.part_value = sbLoad(v, v.part_ma0, length);
    return split(v);
  }
  if (length == size) {
    const old = v.part_value;
    sbStore(v, v.part_ma0, size, newValue(op, old, operand, expected, size) & maskOf(size));
    return finish(v, old);
  }
  if (v.phase == 1) {
    v.part_value |= sbLoad(v, v.part_ma1, size - length) << (length << 3);
    return split(v);
  }
  const old = v.part_value;
  const result = newValue(op, old, operand, expected, size);
  if (v.phase == 2) {
    sbStore(v, v.part_ma0, length, result & maskOf(length));
    return split(v);
  }
  sbStore(v, v.part_ma1, size - length, (result >> (length << 3)) & maskOf(size - length));
  return finish(v, old);
}

/** Drains, then reads and writes memory itself: nobody can come between. */
function modifyLocked(v: Vcpu, op: u32, size: u32, length: u32, operand: u64, expected: u64): i32 {
  v.count_locked += 1;
  sbDrainAll(v);
  let old = physLoad(v.part_ma0, length);
  if (length != size) old |= physLoad(v.part_ma1, size - length) << (length << 3);
  const result = newValue(op, old, operand, expected, size);
  physStore(v.part_ma0, length, result & maskOf(length));
  if (length != size) physStore(v.part_ma1, size - length, (result >> (length << 3)) & maskOf(size - length));
  return finish(v, old);
}
