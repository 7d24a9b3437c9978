// Sleep until a flag is set: interrupts are off between the test and the sleep, and the shadow of STI covers HLT.
import * as machine from "../../../sdk/as/machine";
import { abi, interrupt } from "../race";

export { abi };

export function race_prepare(at: i64): void {
  machine.store64(at, 0);
}

/** Role 0 sleeps; role 1 sets the flag and sends the interrupt that ends the sleep. */
export function race_run(role: i32, at: i64): void {
  if (role === 0) sleepUntil(at);
  else {
    machine.store64(at, 1);
    machine.mfence();
    interrupt(at, 0);
  }
}

function sleepUntil(flag: i64): void {
  while (true) {
    machine.cli();
    if (machine.load64(flag) !== 0) break;
    machine.sti();
    machine.hlt();
  }
  machine.sti();
}

export function race_event(_at: i64): void {}

export function race_check(_role: i32): i32 {
  return 1;
}
