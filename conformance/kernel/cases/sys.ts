/** sys.*: the end of the guest, wanted, reported or enforced. */

import * as info from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import * as pvi from "../../sdk/as/pvi";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";
import { begin, me } from "../lib/case";
import { holds, same } from "../lib/expect";
import { interruptsOn } from "../lib/interrupts";

const POWER_OFF: i32 = 0;
const REBOOT: i32 = 1;
const UNKNOWN_REASON: i32 = 77;
const SECOND: i64 = 1_000_000_000;
/** More than any backend may be late. */
const LATENESS: i64 = 3 * SECOND;
const FEATURES: i32 = 0;
const END_SHUTDOWN: i32 = 1;
const END_CRASH: i32 = 2;
const END_TRIPLE_FAULT: i32 = 4;
const END_POWER_OFF: i32 = 8;
const END_RESET: i32 = 16;

export function sys_power_off(): void {
  test.expect(C.sys_shutdown_2, 1);
  test.may_end(END_POWER_OFF);
  pvi.sys_shutdown(POWER_OFF);
  test.fail(C.sys_shutdown_2, POWER_OFF);
}

export function sys_reboot(): void {
  test.expect(C.sys_shutdown_4, 1);
  test.may_end(END_RESET);
  pvi.sys_shutdown(REBOOT);
  test.fail(C.sys_shutdown_4, REBOOT);
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
  begin();
  test.expect(C.sys_shutdown_3, 1);
  const reason = load<i32>(reasons + (test.choose(5) << 2));
  test.may_end(END_SHUTDOWN | END_CRASH | END_TRIPLE_FAULT);
  pvi.sys_shutdown(reason);
  test.fail(C.sys_shutdown_3, reason);
}

export function sys_crash_lost(): void {
  test.expect(C.sys_crash_report_1, 1);
  test.may_end(END_CRASH);
  pvi.sys_crash_report(0);
  test.fail(C.sys_crash_report_1, 0);
}

export function sys_crash_goes_on(): void {
  same(C.sys_crash_report_2, "result when the guest goes on", pvi.sys_crash_report(1), 0);
  holds(C.sys_crash_report_2, "interrupts are still enabled", interruptsOn(me()));
  pvi.irq_disable();
  pvi.sys_crash_report(1);
  holds(C.sys_crash_report_2, "interrupts are still disabled", !interruptsOn(me()));
}

export function sys_crash_refused(): void {
  same(C.sys_crash_report_3, "result for 2", pvi.sys_crash_report(2), info.E_INVAL);
  same(C.sys_crash_report_3, "result for -1", pvi.sys_crash_report(-1), info.E_INVAL);
}

/** Forbids one feature on this vCPU, as the user may at any time. */
function veto(feature: i32): void {
  machine.store64(test.param(test.TEST_PARAM_INFO_VA) + info.INFO_FEATURE_MASK, ~(<i64>feature));
  pvi.init_features(FEATURES);
}

/** Forbidden by the user, or not there at all. */
export function sys_crash_vetoed(): void {
  if (pvi.init_features(FEATURES) & info.FEATURE_CRASH_REPORT) veto(info.FEATURE_CRASH_REPORT);
  same(C.sys_crash_report_4, "result with the feature vetoed", pvi.sys_crash_report(0), info.E_NOSYS);
}

/** Lets time pass and everybody else act on it. */
function pass(duration: i64): void {
  test.advance(duration);
  for (let i = 0; i < 8; i++) machine.pause();
}

export function sys_watchdog_bites(role: i32): void {
  test.expect(C.sys_watchdog_1, 1);
  if (role === 1) {
    pvi.irq_disable();
    pvi.irq_safe_halt();
    return;
  }
  same(C.sys_watchdog_1, "result of arming", pvi.sys_watchdog(4 * SECOND), 0);
  test.may_end(END_SHUTDOWN | END_CRASH | END_TRIPLE_FAULT);
  pass(4 * SECOND + LATENESS);
  test.fail(C.sys_watchdog_1, 0);
}

/** Whoever is ended here was ended too early: no end is declared good. The guest has been up for a while. */
export function sys_watchdog_not_early(): void {
  pass(7 * SECOND);
  same(C.sys_watchdog_2, "result of arming", pvi.sys_watchdog(5 * SECOND), 0);
  pass(5 * SECOND - 1000);
  pvi.sys_watchdog(0);
  same(C.sys_watchdog_2, "result of arming for whole seconds", pvi.sys_watchdog(6 * SECOND), 0);
  pass(6 * SECOND - 1000);
  pvi.sys_watchdog(0);
}

export function sys_watchdog_rearmed(): void {
  pvi.sys_watchdog(4 * SECOND);
  pass(3 * SECOND);
  same(C.sys_watchdog_3, "result of arming again", pvi.sys_watchdog(20 * SECOND), 0);
  pass(1 * SECOND + LATENESS);
  pvi.sys_watchdog(0);
}

export function sys_watchdog_disarmed(): void {
  pvi.sys_watchdog(4 * SECOND);
  same(C.sys_watchdog_4, "result of disarming", pvi.sys_watchdog(0), 0);
  pass(40 * SECOND);
}

export function sys_watchdog_refused(): void {
  same(C.sys_watchdog_5, "result for the longest time there is", pvi.sys_watchdog(-1), info.E_INVAL);
  pvi.sys_watchdog(10 * SECOND);
  same(C.sys_watchdog_5, "result while armed", pvi.sys_watchdog(-1), info.E_INVAL);
  test.may_end(END_SHUTDOWN | END_CRASH | END_TRIPLE_FAULT);
  pass(10 * SECOND + LATENESS);
  test.fail(C.sys_watchdog_5, 0);
}

/** Forbidden by the user, or not there at all. */
export function sys_watchdog_vetoed(): void {
  if (pvi.init_features(FEATURES) & info.FEATURE_WATCHDOG) veto(info.FEATURE_WATCHDOG);
  same(C.sys_watchdog_6, "result with the feature vetoed", pvi.sys_watchdog(4 * SECOND), info.E_NOSYS);
  pass(40 * SECOND);
}
