// Running a thread, and the host handler that serves imported functions from inside core.wasm.
import { interpret } from "./generated/interpreter";
import { LENGTHS } from "./generated/opcodes";
import { RAN_FUEL, RAN_RETURNED, HOST_TRAP, TRAP_NONE, asThread, threadUnwind } from "./thread";

/**
 * Serves calls of host functions. `args`: u64 slots, i32 zero-extended; the result goes to the first, i32 zero-extended.
 * The thread's fuel is exact and may be lowered; other threads may be run, this one must be neither run nor entered.
 * Answers HOST_DONE, HOST_LEAVE, HOST_RESTART or HOST_TRAP.
 */
export type HostHandler = (thread: usize, hostId: u32, args: usize) => i32;

function refuse(_thread: usize, _hostId: u32, _args: usize): i32 {
  return HOST_TRAP;
}

let handler: HostHandler = refuse;

export function setHostHandler(fn: HostHandler): void {
  handler = fn;
}

export function callHost(thread: usize, hostId: u32, args: usize): u32 {
  return handler(thread, hostId, args);
}

/** Runs the thread's innermost entry while it has fuel; answers RAN_*, also kept in status. See engine/index.ts. */
export function threadRun(thread: usize): i32 {
  const t = asThread(thread);
  if (!t.instance) return (t.status = RAN_RETURNED);
  if (t.debt > 0 && t.fuel > 0) {
    const paid = min<i64>(t.debt, t.fuel);
    t.debt -= paid;
    t.fuel -= paid;
  }
  if (t.fuel <= 0) return (t.status = RAN_FUEL);
  t.trap = TRAP_NONE;
  const answer = interpret(thread);
  if (answer == RAN_RETURNED) threadUnwind(thread);
  t.status = answer;
  return answer;
}

/** The host call that answered RESTART counts as done with this result (ignored when it has none). */
export function threadCompleteCall(thread: usize, result: u64): void {
  const t = asThread(thread);
  if (!t.pending) return;
  store<u64>(t.pendingArgs, result);
  t.acc = result;
  t.pc += (<usize>(load<u8>(LENGTHS + load<u16>(t.pc)) & 0x7f)) << 3;
  t.carry = 0;
  t.pending = 0;
}
