// Events by two bytes in shared memory, as Xen's vcpu_info: @0 mask, @1 pending. Role 0 unmasks while role 1 sends.
import * as machine from "../../../sdk/as/machine";
import { abi, interrupt } from "../race";

export { abi };

const MASK: i64 = 0x00ff;
const XCHG_8: i32 = machine.RMW_XCHG | machine.SIZE_8 | machine.LOCK;

let taken: i32 = 0;

export function race_prepare(at: i64): void {
  machine.store64(at, MASK);
}

export function race_run(role: i32, at: i64): void {
  if (role === 0) unmask(at);
  else {
    machine.rmw(XCHG_8, at + 1, 1);
    interrupt(at, 0);
  }
}

/** Whoever sends interrupts always, so an event set after the test is taken by the handler, which sees the mask. */
function unmask(at: i64): void {
  machine.store8(at, 0);
  if (machine.load8(at + 1)) take(at);
}

function take(at: i64): void {
  if (machine.rmw(XCHG_8, at + 1, 0)) taken += 1;
}

export function race_event(at: i64): void {
  if (!machine.load8(at)) take(at);
}

export function race_check(role: i32): i32 {
  return role === 0 ? taken : 1;
}
