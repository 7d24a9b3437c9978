// The local APIC's timer, which this host imitates: TSC-deadline, one-shot and periodic mode on host timer 0 of the vCPU.
//
//   record per vCPU: | @0 u64 deadline, TSC, 0 none | @8 u32 LVT | @12 u32 initial count | @16 u32 divide | @20 unused |
import * as host from "../../../sdk/as/host";
import { MSR_TSC_DEADLINE, MSR_X2APIC_LVT_TIMER } from "../../../sdk/as/machine";
import { VCPUS_MAX, vcpus } from "./state";

const MSR_COUNT_INITIAL: i32 = 0x838;
const MSR_COUNT_CURRENT: i32 = 0x839;
const MSR_DIVIDE: i32 = 0x83e;

const LVT_MASKED: u32 = 0x10000;
const LVT_MODE: u32 = 0x60000;
const LVT_PERIODIC: u32 = 0x20000;
const LVT_TSC_DEADLINE: u32 = 0x40000;
const LVT_WRITABLE: u32 = 0x710ff;
const DIVIDE_WRITABLE: i64 = 0xb;

const SLOT: i32 = 0;
const COUNTER_REAL: i32 = 0;
const COUNTER_TSC: i32 = 2;

const RECORD: usize = 24;
const records: usize = memory.data(192, 8);

@inline
function record(vcpu: i32): usize {
  return records + <usize>vcpu * RECORD;
}

@inline
function lvt(vcpu: i32): u32 {
  return load<u32>(record(vcpu), 8);
}

/** As after reset: masked, one-shot. */
export function timerInit(): void {
  for (let i = 0; i < VCPUS_MAX; i++) store<u32>(record(i), LVT_MASKED, 8);
}

/** Whether the MSR belongs to the timer. */
export function isTimerMsr(msr: i32): bool {
  return (
    msr == MSR_TSC_DEADLINE ||
    msr == MSR_X2APIC_LVT_TIMER ||
    msr == MSR_COUNT_INITIAL ||
    msr == MSR_COUNT_CURRENT ||
    msr == MSR_DIVIDE
  );
}

export function timerRead(vcpu: i32, msr: i32): i64 {
  const at = record(vcpu);
  if (msr == MSR_TSC_DEADLINE) return load<i64>(at);
  if (msr == MSR_X2APIC_LVT_TIMER) return lvt(vcpu);
  if (msr == MSR_COUNT_INITIAL) return load<u32>(at, 12);
  return msr == MSR_DIVIDE ? load<u32>(at, 16) : 0;
}

/** False for #GP: reserved bits, or the read-only current count. */
export function timerWrite(vcpu: i32, msr: i32, value: i64): bool {
  const at = record(vcpu);
  if (msr == MSR_TSC_DEADLINE) {
    if ((lvt(vcpu) & LVT_MODE) == LVT_TSC_DEADLINE) armDeadline(vcpu, value);
    return true;
  }
  if (msr == MSR_COUNT_CURRENT || <u64>value >> 32) return false;
  if (msr == MSR_X2APIC_LVT_TIMER) {
    if ((lvt(vcpu) ^ <u32>value) & LVT_MODE) disarm(vcpu);
    store<u32>(at, <u32>value & LVT_WRITABLE, 8);
    return true;
  }
  if (msr == MSR_DIVIDE) {
    if (value & ~DIVIDE_WRITABLE) return false;
    store<u32>(at, <u32>value, 16);
    return true;
  }
  store<u32>(at, <u32>value, 12);
  if ((lvt(vcpu) & LVT_MODE) != LVT_TSC_DEADLINE) startCount(vcpu, <u32>value);
  return true;
}

/** A deadline that has passed expires at once: the machine's timers do so themselves. */
function armDeadline(vcpu: i32, deadline: i64): void {
  store<i64>(record(vcpu), deadline);
  if (deadline) host.timer_set(vcpu, SLOT, deadline, 0, COUNTER_TSC);
  else host.timer_cancel(vcpu, SLOT);
}

function disarm(vcpu: i32): void {
  store<i64>(record(vcpu), 0);
  host.timer_cancel(vcpu, SLOT);
}

/** The count-down runs at 1 GHz before the divider. */
function startCount(vcpu: i32, count: u32): void {
  if (!count) {
    host.timer_cancel(vcpu, SLOT);
    return;
  }
  const code = (load<u32>(record(vcpu), 16) & 3) | ((load<u32>(record(vcpu), 16) >> 1) & 4);
  const duration = (<i64>count) << (code == 7 ? 0 : code + 1);
  const period = (lvt(vcpu) & LVT_MODE) == LVT_PERIODIC ? duration : 0;
  host.timer_set(vcpu, SLOT, host.now() + duration, period, COUNTER_REAL);
}

/** The host timer of this vCPU has expired. */
export function timerExpired(vcpu: i32): void {
  if (vcpu < 0 || vcpu >= vcpus) return;
  store<i64>(record(vcpu), 0);
  if (!(lvt(vcpu) & LVT_MASKED)) host.irq(vcpu, <i32>(lvt(vcpu) & 0xff));
}
