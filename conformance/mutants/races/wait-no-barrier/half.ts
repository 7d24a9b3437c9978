// Wait and kick for a lock: @0 the lock, 1 while it is held; @8 the waiter's state, 1 once it is about to sleep.
import * as machine from "../../../sdk/as/machine";
import { abi, interrupt } from "../race";

export { abi };

const XCHG_64: i32 = machine.RMW_XCHG | machine.SIZE_64 | machine.LOCK;

export function race_prepare(at: i64): void {
  machine.store64(at, 1);
  machine.store64(at + 8, 0);
}

/** Role 0 waits for the lock that role 1 releases. */
export function race_run(role: i32, at: i64): void {
  if (role === 0) wait(at);
  else {
    machine.rmw(XCHG_64, at, 0);
    if (machine.load64(at + 8) !== 0) interrupt(at, 0);
  }
}

/** The announcement is visible before the lock is looked at once more. */
function wait(at: i64): void {
  machine.cli();
  machine.store64(at + 8, 1);
  machine.mfence();
  if (machine.load64(at) !== 0) {
    machine.sti();
    machine.hlt();
  }
  machine.sti();
}

export function race_event(_at: i64): void {}

export function race_check(_role: i32): i32 {
  return 1;
}
