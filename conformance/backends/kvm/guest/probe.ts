// Tries what the feature leaf offers: whoever manages the host may set bits that its KVM does not stand for. Registers are read,
// calls are about nobody, so that nothing happens.
import {
  FEATURE_ALARM_AVAILABLE,
  FEATURE_CLOCK,
  FEATURE_CLOCK_STABLE,
  FEATURE_EOI,
  FEATURE_IPI,
  FEATURE_MIGRATION_NOTICE,
  FEATURE_PREEMPTED,
  FEATURE_REMOTE_FLUSH,
  FEATURE_STEAL,
  FEATURE_WAIT,
  FEATURE_WALLCLOCK,
  FEATURE_YIELD,
} from "../../../sdk/as/info";
import * as native from "../../../sdk/as/native";
import { percpuVa } from "../../lib/info";
import { HC_KICK_CPU, HC_SCHED_YIELD, HC_SEND_IPI, MSR_PV_EOI, MSR_STEAL_TIME, MSR_SYSTEM_TIME } from "../abi";
import { has } from "./features";
import { hypercall } from "./remote";

/** An APIC id that nobody has. */
const NOBODY: i64 = 0xffff_ffff;
const VECTOR: i64 = 0xff;
/** Where a register's value goes, behind all masks in the percpu pages. */
const SCRATCH: i64 = 0xff8;

const NEED_CLOCK: i64 = FEATURE_CLOCK | FEATURE_CLOCK_STABLE | FEATURE_WALLCLOCK | FEATURE_MIGRATION_NOTICE | FEATURE_ALARM_AVAILABLE;
const NEED_STEAL: i64 = FEATURE_STEAL | FEATURE_PREEMPTED | FEATURE_REMOTE_FLUSH | FEATURE_ALARM_AVAILABLE;

/** Features that the host offers and refuses. */
export function brokenPromises(): i64 {
  let broken: i64 = 0;
  if (has(FEATURE_CLOCK) && refuses(MSR_SYSTEM_TIME)) broken |= NEED_CLOCK;
  if (has(FEATURE_STEAL) && refuses(MSR_STEAL_TIME)) broken |= NEED_STEAL;
  if (has(FEATURE_EOI) && refuses(MSR_PV_EOI)) broken |= FEATURE_EOI;
  if (has(FEATURE_WAIT) && hypercall(HC_KICK_CPU, 0, NOBODY, 0, 0) < 0) broken |= FEATURE_WAIT;
  if (has(FEATURE_IPI) && hypercall(HC_SEND_IPI, 0, 0, 0, VECTOR) < 0) broken |= FEATURE_IPI;
  if (has(FEATURE_YIELD) && hypercall(HC_SCHED_YIELD, NOBODY, 0, 0, 0) < 0) broken |= FEATURE_YIELD;
  return broken;
}

function refuses(msr: i32): bool {
  return native.msr_read_safe(msr, percpuVa + SCRATCH) < 0;
}
