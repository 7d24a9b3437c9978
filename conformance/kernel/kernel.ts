/**
 * The conformance kernel: a small guest kernel that boots all vCPUs, handles interrupts and faults, and runs one case
 * at a time by calling ops as any kernel would. Exports: `abi`, `start`, `ap_start`, `run`, `probe`, `memory`, `table`.
 */
import * as test from "../sdk/as/test";
import { runCase } from "./generated/dispatch";
import { bootApplication, bootFirst } from "./lib/boot";

/** ABI versions spoken: highest in bits 63:32, lowest in 31:0, each major << 16 | minor. */
export function abi(): i64 {
  return 0x00010000_00010000;
}

/** First code of the boot vCPU; the argument is its stack in machine memory. */
export function start(_rsp: i64): void {
  bootFirst(ap_start.index);
}

/** First code of every other vCPU. */
export function ap_start(_rsp: i64): void {
  bootApplication();
}

/** Body of one role of a case, on the vCPU that the role is mapped to, with interrupts enabled. It begins in quiet (`begin`). */
export function run(index: i32, role: i32): void {
  test.quiet(1);
  runCase(index, role);
}

/** 1 when op number `op` is linked; an optional op without its feature answers E_NOSYS. */
export function probe(op: i32): i32 {
  return op >= 0 && op < test.param(test.TEST_PARAM_OPS) ? 1 : 0;
}
