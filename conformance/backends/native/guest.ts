// Native guest half: what a kernel does on bare metal. It is also native.wasm, behind every op that another half leaves out.
import { E_INVAL, FEATURE_CLOCK_STABLE, PRIVILEGE_REMOTE, PRIVILEGE_SHUTDOWN,
  PRIVILEGE_WALLCLOCK, RELOCATE_NONE } from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import { PVI_VERSION } from "../../sdk/as/pvi";
import { alarmCancel, alarmInit, alarmSet, alarmsOff } from "../lib/alarm";
import { featureMask, maskOf, readInfo } from "../lib/info";
import { clockInit, clockRead, hz } from "./clock";
export { apic_eoi, apic_icr_read, apic_icr_write, apic_read, apic_write } from "./apic";
import { flushInit, flushMulti, INVPCID_ALL_GLOBAL, sendEach } from "./flush";
import { msrReadSafe, msrWriteSafe } from "./msr";
import { wallclockGet, wallclockSet } from "./wallclock";
import { smpInit, upOf } from "./smp";
export { smp_apicid_to_vp, smp_cpu_down, smp_cpu_up, smp_is_up, smp_set_initial_ap_state } from "./smp";

const VECTOR_MIN: i32 = 16;
const VECTOR_MAX: i32 = 255;
const ICR_NMI: i32 = 0x400;
const REASON_REBOOT: i32 = 1;
const RESET_CPU: i32 = 6;

export function abi(): i64 {
  return ((<i64>PVI_VERSION) << 32) | PVI_VERSION;
}

/** Once per vCPU, IF = 0, `info` is the va of its info page. */
export function half_init(info: i64): i32 {
  readInfo(info);
  clockInit();
  flushInit();
  alarmInit(hz, clockRead, null);
  smpInit();
  return 0;
}

export function init_version(): i32 {
  return PVI_VERSION;
}

export function init_features(which: i32): i64 {
  if (which == 0) return FEATURE_CLOCK_STABLE & featureMask();
  return which == 2 ? PRIVILEGE_SHUTDOWN | PRIVILEGE_REMOTE | PRIVILEGE_WALLCLOCK : 0;
}

/** There is no hypervisor that this half is made for. */
export function init_detect(): i32 {
  return 0;
}

/** Every call keeps its native instruction. */
export function init_relocate(op: i32): i64 {
  return RELOCATE_NONE;
}

/** Bare metal writes to nobody's memory; the timer is all there is. */
export function init_revoke_all(): void {
  alarmsOff();
}

export function irq_save_fl(): i64 {
  return machine.pushf();
}

export function irq_disable(): void {
  machine.cli();
}

export function irq_enable(): void {
  machine.sti();
}

export function irq_safe_halt(): void {
  machine.sti();
  machine.hlt();
}

export function irq_restore(flags: i64): void {
  if (flags & machine.RFLAGS_IF) machine.sti();
  else machine.cli();
}

export function irq_halt(): void {
  machine.hlt();
}

export function msr_read(msr: i32): i64 {
  return machine.rdmsr(msr);
}

export function msr_write(msr: i32, value: i64): void {
  machine.wrmsr(msr, value);
}

export function msr_read_safe(msr: i32, out_va: i64): i32 {
  return msrReadSafe(msr, out_va);
}

export function msr_write_safe(msr: i32, value: i64): i32 {
  return msrWriteSafe(msr, value);
}

export function mmu_read_cr3(): i64 {
  return machine.read_cr(3);
}

export function mmu_write_cr3(root: i64): void {
  machine.write_cr(3, root);
}

export function mmu_set_pte(ptr: i64, val: i64): void {
  machine.store64(ptr, val);
}

export function mmu_flush_tlb_one(va: i64): void {
  machine.invlpg(va);
}

export function mmu_flush_tlb_user(): void {
  machine.write_cr(3, machine.read_cr(3));
}

export function mmu_flush_tlb_kernel(): void {
  machine.invpcid(INVPCID_ALL_GLOBAL, 0, 0);
}

export function mmu_lazy_enter(): void {}

export function mmu_lazy_leave(): void {}

export function mmu_lazy_flush(): void {}

export function mmu_flush_tlb_multi(mask_va: i64, start: i64, end: i64, flags: i32): i32 {
  return flushMulti(mask_va, start, end, flags);
}

export function ipi_send_mask(mask_va: i64, vector: i32): i32 {
  if (vector < VECTOR_MIN || vector > VECTOR_MAX) return E_INVAL;
  const targets = upOf(maskOf(mask_va));
  machine.mfence();
  sendEach(targets, vector);
  return 0;
}

export function ipi_send_nmi(mask_va: i64): i32 {
  const targets = upOf(maskOf(mask_va));
  machine.mfence();
  sendEach(targets, ICR_NMI);
  return 0;
}

export function time_sched_clock(): i64 {
  return clockRead();
}

export function time_steal_clock(vcpu: i32): i64 {
  return 0;
}

export function time_wallclock_get(): i64 {
  return wallclockGet();
}

export function time_wallclock_set(utc: i64): i32 {
  wallclockSet(utc);
  return 0;
}

export function time_cycle_frequency(): i64 {
  return hz;
}

/** Nobody tells this half what is stolen: there is real time only. */
export function time_alarm_set(at: i64, period: i64, counter: i32, vector: i32): i32 {
  return alarmSet(at, period, counter, vector, false);
}

export function time_alarm_cancel(counter: i32): i32 {
  return alarmCancel(counter, false);
}

/** Without a hypervisor there is nobody to give the processor to: one spin. */
export function lock_wait(ptr: i64, val: i32): void {
  machine.pause();
}

export function lock_kick(vcpu: i32): void {}

/** Nobody takes processors away from a bare machine. */
export function lock_vcpu_is_preempted(vcpu: i32): i32 {
  return 0;
}

export function lock_spin_notify(spins: i32): void {
  machine.pause();
}

export function lock_yield_to(vcpu: i32): void {
  machine.pause();
}

export function sys_shutdown(reason: i32): void {
  machine.cli();
  if (reason == REASON_REBOOT) machine.out_port(machine.PORT_RESET, 1, RESET_CPU);
  machine.out_port(machine.PORT_POWER, 2, machine.POWER_OFF);
  while (true) machine.hlt();
}
