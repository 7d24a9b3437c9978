/** sys.shutdown: the end of the guest. */

import * as machine from "../../sdk/as/machine";
import * as pvi from "../../sdk/as/pvi";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";

const POWER_OFF: i32 = 0;
const UNKNOWN_REASON: i32 = 77;
const END_SHUTDOWN: i32 = 1;
const END_CRASH: i32 = 2;
const END_TRIPLE_FAULT: i32 = 4;

export function sys_power_off(): void {
  test.expect(C.sys_shutdown_1, 1);
  test.expect(C.sys_shutdown_2, 1);
  test.may_end(END_SHUTDOWN);
  pvi.sys_shutdown(POWER_OFF);
  test.fail(C.sys_shutdown_1, POWER_OFF);
}

/** The other vCPU must not outlive the call by more than a few instructions. */
export function sys_power_off_everybody(role: i32): void {
  test.expect(C.sys_shutdown_1, 1);
  test.barrier(1);
  test.may_end(END_SHUTDOWN);
  if (role === 2) {
    pvi.irq_disable();
    pvi.sys_shutdown(POWER_OFF);
  }
  for (let i = 0; i < 2000; i++) machine.pause();
  test.fail(C.sys_shutdown_1, role);
}

/** One reason per schedule: an unknown one, reboot, crash, watchdog, soft reset. */
export function sys_other_reasons(): void {
  const reasons = memory.data<i32>([UNKNOWN_REASON, 1, 3, 4, 5]);
  test.expect(C.sys_shutdown_3, 1);
  const reason = load<i32>(reasons + (test.choose(5) << 2));
  test.may_end(END_SHUTDOWN | END_CRASH | END_TRIPLE_FAULT);
  pvi.sys_shutdown(reason);
  test.fail(C.sys_shutdown_3, reason);
}
