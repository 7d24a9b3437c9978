// A vCPU that waits says for which lock: @0 its offset. A handler may wait too, amid a wait: @8 lock A, @16 lock B, 1 while held.
import * as machine from "../../../sdk/as/machine";
import { abi, interrupt } from "../race";

export { abi };

const XCHG_64: i32 = machine.RMW_XCHG | machine.SIZE_64 | machine.LOCK;
const A: i64 = 8;
const B: i64 = 16;
let events: i32 = 0;

export function race_prepare(at: i64): void {
  machine.store64(at, 0);
  machine.store64(at + A, 1);
  machine.store64(at + B, 1);
}

/** Role 0 waits for A, its handler for B; role 1 sends the first interrupt, releases both and kicks whoever says that it waits. */
export function race_run(role: i32, at: i64): void {
  if (role === 0) wait(at, A);
  else {
    interrupt(at, 0);
    release(at, B);
    release(at, A);
  }
}

function release(at: i64, lock: i64): void {
  machine.rmw(XCHG_64, at + lock, 0);
  if (machine.load64(at) === lock) interrupt(at, 0);
}

function wait(at: i64, lock: i64): void {
  const interrupted = machine.rmw(XCHG_64, at, lock);
  while (machine.load64(at + lock) !== 0) {
    machine.cli();
    if (machine.load64(at + lock) !== 0) {
      machine.sti();
      machine.hlt();
    } else machine.sti();
  }
  machine.rmw(XCHG_64, at, interrupted);
}

/** The first event waits for B; the others are kicks. */
export function race_event(at: i64): void {
  machine.wrmsr(machine.MSR_X2APIC_EOI, 0);
  events += 1;
  if (events === 1) wait(at, B);
}

export function race_check(_role: i32): i32 {
  return 1;
}
