// The pvpanic and ib700 devices.
import { FEATURE_CRASH_REPORT, FEATURE_WATCHDOG } from "../../../sdk/as/info";
import * as host from "../../../sdk/as/host";
import {
  PANIC_LOADED,
  PANIC_LOST,
  PORT_PANIC,
  PORT_WATCHDOG_ARM,
  PORT_WATCHDOG_DISARM,
  WATCHDOG_STEP_NS,
  WATCHDOG_STEPS,
} from "../platform";
import { crash } from "./state";

/** Host timer of no vCPU in particular that stands for the watchdog. */
const NO_VCPU: i32 = -1;
const WATCHDOG_SLOT: i32 = 0;
const COUNTER_REAL: i32 = 0;
const SHUTDOWN_WATCHDOG: i32 = 4;
const NOTHING: i64 = 0xffff_ffff;

let devices: i64 = 0;

/** `mask` is the user's veto: a vetoed device is not there. */
export function platformInit(mask: i64): void {
  devices = mask;
}

export function platformRead(port: i32): i64 {
  return port == PORT_PANIC && devices & FEATURE_CRASH_REPORT ? PANIC_LOST | PANIC_LOADED : NOTHING;
}

/** A write that is no device's is lost. */
export function platformWrite(port: i32, value: i64): void {
  if (port == PORT_PANIC && devices & FEATURE_CRASH_REPORT && value & PANIC_LOST) crash("the guest reports a panic");
  if (!(devices & FEATURE_WATCHDOG)) return;
  if (port == PORT_WATCHDOG_DISARM) host.timer_cancel(NO_VCPU, WATCHDOG_SLOT);
  if (port != PORT_WATCHDOG_ARM) return;
  const timeout_ns = (WATCHDOG_STEPS - (value & 15)) * WATCHDOG_STEP_NS;
  host.timer_set(NO_VCPU, WATCHDOG_SLOT, host.now() + timeout_ns, 0, COUNTER_REAL);
}

/** The watchdog's time has passed. */
export function platformTimer(vcpu: i32, slot: i32): void {
  if (vcpu == NO_VCPU && slot == WATCHDOG_SLOT) host.shutdown(SHUTDOWN_WATCHDOG);
}
