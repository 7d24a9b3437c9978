// Guest half for KVM's published paravirt ABI. What it does not export, and what the host does not offer, is native.
import {
  E_INVAL,
  E_NOSYS,
  E_PERM,
  FEATURE_ALARM_AVAILABLE,
  FEATURE_CLOCK,
  FEATURE_CLOCK_PAIRING,
  FEATURE_CRASH_REPORT,
  FEATURE_EOI,
  FEATURE_IPI,
  FEATURE_MIGRATION_NOTICE,
  FEATURE_PREEMPTED,
  FEATURE_REMOTE_FLUSH,
  FEATURE_STEAL,
  FEATURE_WAIT,
  FEATURE_WALLCLOCK,
  FEATURE_WATCHDOG,
  FEATURE_YIELD,
  PRIVILEGE_REMOTE,
  PRIVILEGE_SHUTDOWN,
} from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import * as native from "../../sdk/as/native";
import { PVI_VERSION } from "../../sdk/as/pvi";
import { alarmCancel, alarmInit, alarmSet, alarmsOff } from "../lib/alarm";
import { maskOf, readInfo, self, vcpus } from "../lib/info";
import { ICR_NMI } from "./abi";
import { areasRegister, areasRevoke, forgetPreempted } from "./guest/areas";
import { clockHz, clockRead, noticeTake, stealRead, wallclockRead } from "./guest/clock";
import { eoi } from "./guest/eoi";
import { featuresDrop, featuresInit, featuresLose, featuresRead, featuresSettle, has, hintsRead, hostHas, signaturePresent } from "./guest/features";
import { clockPairing } from "./guest/pairing";
import { crashReport, watchdog } from "./guest/platform";
import { brokenPromises } from "./guest/probe";
import { enterHost, flushMulti, isPreempted, kick, sendCommand, upOf, yieldTo } from "./guest/remote";
import { wait } from "./guest/wait";

const VECTOR_MIN: i32 = 16;
const VECTOR_MAX: i32 = 255;

export function abi(): i64 {
  return ((<i64>PVI_VERSION) << 32) | PVI_VERSION;
}

/** Once per vCPU, IF = 0, `info` is the va of its info page. */
export function half_init(info: i64): i32 {
  const result = native.half_init(info);
  if (result < 0) return result;
  readInfo(info);
  featuresInit();
  featuresRead();
  featuresLose(brokenPromises());
  areasRegister();
  featuresSettle();
  alarmInit(time_cycle_frequency(), time_sched_clock, available);
  return 0;
}

export function init_version(): i32 {
  return PVI_VERSION;
}

export function init_features(which: i32): i64 {
  if (which == 0) return featuresRead();
  if (which == 1) return hintsRead();
  return which == 2 ? PRIVILEGE_SHUTDOWN | PRIVILEGE_REMOTE : 0;
}

export function init_detect(): i32 {
  return signaturePresent() ? 1 : 0;
}

export function init_revoke_all(): void {
  alarmsOff();
  areasRevoke();
  featuresDrop();
}

/** KVM has no page for it: this half's own code makes the call, with the registers as they stand. */
export function init_hypercall_entry(): i64 {
  return signaturePresent() ? machine.code_addr(<i32>enterHost.index, 0) : 0;
}

export function mmu_flush_tlb_multi(mask_va: i64, start: i64, end: i64, flags: i32): i32 {
  return has(FEATURE_REMOTE_FLUSH)
    ? flushMulti(mask_va, start, end, flags)
    : native.mmu_flush_tlb_multi(mask_va, start, end, flags);
}

export function ipi_send_mask(mask_va: i64, vector: i32): i32 {
  if (!has(FEATURE_IPI)) return native.ipi_send_mask(mask_va, vector);
  if (vector < VECTOR_MIN || vector > VECTOR_MAX) return E_INVAL;
  return sendCommand(upOf(maskOf(mask_va)), vector) ? 0 : native.ipi_send_mask(mask_va, vector);
}

export function ipi_send_nmi(mask_va: i64): i32 {
  if (has(FEATURE_IPI) && sendCommand(upOf(maskOf(mask_va)), ICR_NMI)) return 0;
  return native.ipi_send_nmi(mask_va);
}

export function apic_eoi(): void {
  if (has(FEATURE_EOI)) eoi();
  else native.apic_eoi();
}

export function time_sched_clock(): i64 {
  return has(FEATURE_CLOCK) ? clockRead() : native.time_sched_clock();
}

export function time_steal_clock(vcpu: i32): i64 {
  if (!has(FEATURE_STEAL)) return native.time_steal_clock(vcpu);
  return <u32>vcpu < <u32>vcpus ? stealRead(vcpu) : 0;
}

/** ns that were not stolen from this vCPU. */
function available(): i64 {
  return time_sched_clock() - time_steal_clock(self);
}

export function time_wallclock_get(): i64 {
  return has(FEATURE_WALLCLOCK) ? wallclockRead() : native.time_wallclock_get();
}

/** The host's clock is the host's. */
export function time_wallclock_set(utc: i64): i32 {
  return E_PERM;
}

export function time_cycle_frequency(): i64 {
  return has(FEATURE_CLOCK) ? clockHz() : native.time_cycle_frequency();
}

export function time_migration_notice(): i32 {
  return has(FEATURE_MIGRATION_NOTICE) ? noticeTake() : E_NOSYS;
}

export function time_clock_pairing(out_va: i64): i32 {
  return has(FEATURE_CLOCK_PAIRING) ? clockPairing(out_va) : E_NOSYS;
}

export function time_alarm_set(at: i64, period: i64, counter: i32, vector: i32): i32 {
  return alarmSet(at, period, counter, vector, has(FEATURE_ALARM_AVAILABLE));
}

export function time_alarm_cancel(counter: i32): i32 {
  return alarmCancel(counter, has(FEATURE_ALARM_AVAILABLE));
}

export function lock_wait(ptr: i64, val: i32): void {
  if (has(FEATURE_WAIT)) wait(ptr, val);
  else native.lock_wait(ptr, val);
}

export function lock_kick(vcpu: i32): void {
  // A target may still sleep by the answer it has read, so the user's veto on this vCPU does not count here.
  if (hostHas(FEATURE_WAIT)) kick(vcpu);
  else native.lock_kick(vcpu);
}

export function sys_crash_report(goes_on: i32): i32 {
  return has(FEATURE_CRASH_REPORT) ? crashReport(goes_on) : E_NOSYS;
}

export function sys_watchdog(timeout_ns: i64): i32 {
  return has(FEATURE_WATCHDOG) ? watchdog(timeout_ns) : E_NOSYS;
}

export function lock_vcpu_is_preempted(vcpu: i32): i32 {
  return has(FEATURE_PREEMPTED) ? isPreempted(vcpu) : native.lock_vcpu_is_preempted(vcpu);
}

export function lock_yield_to(vcpu: i32): void {
  if (has(FEATURE_YIELD)) yieldTo(vcpu);
  else native.lock_yield_to(vcpu);
}

/** The areas of a vCPU that leaves are given up first; INIT takes them from one that is made to leave. */
export function smp_cpu_down(vcpu: i32): i32 {
  if (vcpu != self) {
    const result = native.smp_cpu_down(vcpu);
    if (result == 0) forgetPreempted(vcpu);
    return result;
  }
  const rflags = machine.pushf();
  machine.cli();
  areasRevoke();
  forgetPreempted(self);
  const refused = native.smp_cpu_down(vcpu);
  areasRegister();
  machine.popf(rflags);
  return refused;
}
