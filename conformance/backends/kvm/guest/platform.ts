// Crash report by pvpanic, watchdog by the ib700 device.
import { E_INVAL } from "../../../sdk/as/info";
import * as machine from "../../../sdk/as/machine";
import {
  PANIC_LOADED,
  PANIC_LOST,
  PORT_PANIC,
  PORT_WATCHDOG_ARM,
  PORT_WATCHDOG_DISARM,
  WATCHDOG_MAX_NS,
  WATCHDOG_STEP_NS,
  WATCHDOG_STEPS,
} from "../platform";

/** Without the device the port reads all ones. */
export function hasPanic(): bool {
  return machine.in_port(PORT_PANIC, 1) == (PANIC_LOST | PANIC_LOADED);
}

export function crashReport(goes_on: i32): i32 {
  if (goes_on != 0 && goes_on != 1) return E_INVAL;
  machine.out_port(PORT_PANIC, 1, goes_on ? PANIC_LOADED : PANIC_LOST);
  if (goes_on) return 0;
  machine.cli();
  while (true) machine.hlt();
}

export function watchdog(timeout_ns: i64): i32 {
  if (<u64>timeout_ns > <u64>WATCHDOG_MAX_NS) return E_INVAL;
  if (timeout_ns == 0) {
    machine.out_port(PORT_WATCHDOG_DISARM, 1, 0);
    return 0;
  }
  // Rounded up to whole steps: never early.
  const steps = <i32>((timeout_ns + WATCHDOG_STEP_NS - 1) / WATCHDOG_STEP_NS);
  machine.out_port(PORT_WATCHDOG_ARM, 1, WATCHDOG_STEPS - steps);
  return 0;
}
