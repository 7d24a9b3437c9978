// The test guest half: ops that work, and ops that misbehave.
import { callCode, codeAddr, reg, store64 } from "./imports";

export function abi(): i64 {
  return 0x0001000000010000;
}

export function t_add(a: i32, b: i32): i32 {
  return a + b;
}

export function t_trap(): void {
  unreachable();
}

export function t_loop(): void {
  for (;;) {}
}

export function t_recurse(): void {
  deeper(1);
}

function deeper(n: i32): i32 {
  return n + deeper(n + 1);
}

/** Grows its memory until that fails: -1. */
export function t_grow(): i32 {
  let answer = 0;
  while (answer >= 0) answer = memory.grow(1);
  return answer;
}

/** Writes what VCPUOP_initialise needs (layered/vcpu-context.ts): entry in this half, which marks `flag` and hands on to apStart. */
export function xen_context(context: i64, apStart: i64, rsp: i64, flag: i64): void {
  store64(context + 632, apStart);
  store64(context + 624, flag);
  store64(context + 648, codeAddr(xenEntry.index, 0));
  store64(context + 656, 0x2b);
  store64(context + 664, 2);
  store64(context + 672, rsp);
}

/** First code of an AP: RDI has the kernel's, RSI the word to mark. */
function xenEntry(rsp: i64): void {
  store64(reg(6), 1);
  callCode(reg(7), rsp);
}
