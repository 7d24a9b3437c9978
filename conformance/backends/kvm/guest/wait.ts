// lock.wait by HLT. Interrupts stay off between the comparison and the sleep: a handler there could consume the kick.
import * as machine from "../../../sdk/as/machine";
import { inNmi } from "../../lib/info";

export function wait(ptr: i64, val: i32): void {
  // A halt here would take the kick that the interrupted wait is about to need.
  if (inNmi()) return;
  // The caller's "I am waiting" must be visible before the comparison, or the kicker may see neither.
  machine.mfence();
  const enabled = (machine.pushf() & machine.RFLAGS_IF) != 0;
  if (enabled) machine.cli();
  if (machine.load8(ptr) == (val & 0xff)) {
    // The shadow of sti reaches over hlt: an interrupt in between ends the sleep.
    if (enabled) machine.sti();
    machine.hlt();
  } else if (enabled) {
    machine.sti();
  }
}
