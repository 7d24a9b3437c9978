// Repeated accesses: rep movs between private and machine memory, rep stosq. One unit per step; v.progress counts what is done.
import { markDirtyRange } from "../memory/arena";
import { storeVa } from "./access";
import { watch } from "./debug";
import { Step } from "./ops";
import { Access } from "./paging";
import { sbLoad, sbStore } from "./storebuffer";
import { translate, translated } from "./translate";
import { Vcpu } from "./vcpu";

/** Bytes of the unit at va: up to the next aligned 8 bytes, at most what remains. */
@inline
function unitBytes(va: u64, remaining: u64): u32 {
  const room = 8 - (va & 7);
  return <u32>(remaining < room ? remaining : room);
}

/** PART, or DONE when `total` is reached; progress is then cleared. */
function progressed(v: Vcpu, by: u64, total: u64): i32 {
  v.progress += by;
  if (v.progress < total) return Step.PART;
  v.progress = 0;
  return Step.DONE;
}

/** machine.copy_in: machine memory at va to `length` private bytes at core address `target`, whose bounds the caller checked. */
export function copyIn(v: Vcpu, target: usize, va: u64, length: u32): i32 {
  if (length == 0) return Step.DONE;
  const at = va + v.progress;
  const bytes = unitBytes(at, length - v.progress);
  const status = translate(v, at, Access.READ);
  if (status != Step.DONE) return status;
  v.count_accesses += 1;
  watch(v, at, bytes, false);
  const value = sbLoad(v, translated, bytes);
  const to = target + <usize>v.progress;
  for (let i: u32 = 0; i < bytes; i++) store<u8>(to + i, <u8>(value >> (i << 3)));
  markDirtyRange(to, bytes);
  return progressed(v, bytes, length);
}

/** machine.copy_out: `length` private bytes at core address `source` to machine memory at va. */
export function copyOut(v: Vcpu, source: usize, va: u64, length: u32): i32 {
  if (length == 0) return Step.DONE;
  const at = va + v.progress;
  const bytes = unitBytes(at, length - v.progress);
  const status = translate(v, at, Access.WRITE);
  if (status != Step.DONE) return status;
  v.count_accesses += 1;
  watch(v, at, bytes, true);
  let value: u64 = 0;
  const from = source + <usize>v.progress;
  for (let i = bytes; i > 0; i--) value = (value << 8) | load<u8>(from + i - 1);
  sbStore(v, translated, bytes, value);
  return progressed(v, bytes, length);
}

/** machine.fill: n quadwords of `value` from va on. */
export function fillVa(v: Vcpu, va: u64, value: u64, n: u32): i32 {
  if (n == 0) return Step.DONE;
  const status = storeVa(v, va + v.progress * 8, 8, value);
  return status == Step.DONE ? progressed(v, 1, n) : status;
}
