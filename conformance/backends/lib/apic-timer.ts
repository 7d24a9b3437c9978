// The local APIC's timer as a host half imitates it: one-shot and periodic count-down of one tick per ns before the divider, and
// TSC deadline, on host timer 0 of the vCPU.
//
//   record per vCPU: | @0 u64 deadline, TSC, 0 none | @8 u64 end of the count-down, ns, 0 none | @16 u32 initial count |
//                    | @20 u32 divide | @24 u32 LVT | @28 unused |
import * as host from "../../sdk/as/host";
import { MSR_TSC_DEADLINE, MSR_X2APIC_LVT_TIMER } from "../../sdk/as/machine";

const MSR_COUNT_INITIAL: i32 = 0x838;
const MSR_COUNT_CURRENT: i32 = 0x839;
const MSR_DIVIDE: i32 = 0x83e;

const LVT_MASKED: u32 = 0x10000;
const LVT_MODE: u32 = 0x60000;
const LVT_PERIODIC: u32 = 0x20000;
const LVT_TSC_DEADLINE: u32 = 0x40000;
const LVT_WRITABLE: u32 = 0x710ff;
const DIVIDE_WRITABLE: u32 = 0xb;

const SLOT: i32 = 0;
const COUNTER_REAL: i32 = 0;
const COUNTER_TSC: i32 = 2;

const VCPUS_MAX: i32 = 8;
const DEADLINE: usize = 0;
const END: usize = 8;
const INITIAL: usize = 16;
const DIVIDE: usize = 20;
const LVT: usize = 24;
const RECORD: usize = 32;
const records: usize = memory.data(256, 8);

@inline
function record(vcpu: i32): usize {
  return records + <usize>vcpu * RECORD;
}

@inline
function modeOf(vcpu: i32): u32 {
  return load<u32>(record(vcpu), LVT) & LVT_MODE;
}

export function timerInit(): void {
  for (let vcpu = 0; vcpu < VCPUS_MAX; vcpu++) store<u32>(record(vcpu), LVT_MASKED, LVT);
}

/** As after INIT: masked, one-shot, not armed. */
export function timerReset(vcpu: i32): void {
  disarm(vcpu);
  store<u32>(record(vcpu), 0, INITIAL);
  store<u32>(record(vcpu), 0, DIVIDE);
  store<u32>(record(vcpu), LVT_MASKED, LVT);
}

/** Whether the MSR belongs to the timer. */
export function isTimerMsr(msr: i32): bool {
  switch (msr) {
    case MSR_TSC_DEADLINE:
    case MSR_X2APIC_LVT_TIMER:
    case MSR_COUNT_INITIAL:
    case MSR_COUNT_CURRENT:
    case MSR_DIVIDE: return true;
    default: return false;
  }
}

export function timerRead(vcpu: i32, msr: i32): i64 {
  const at = record(vcpu);
  switch (msr) {
    case MSR_TSC_DEADLINE: return load<i64>(at, DEADLINE);
    case MSR_X2APIC_LVT_TIMER: return load<u32>(at, LVT);
    case MSR_COUNT_INITIAL: return load<u32>(at, INITIAL);
    case MSR_COUNT_CURRENT: return currentCount(vcpu);
    default: return load<u32>(at, DIVIDE);
  }
}

/** False for #GP: reserved bits, or the read-only current count. */
export function timerWrite(vcpu: i32, msr: i32, value: i64): bool {
  if (msr == MSR_TSC_DEADLINE) return writeDeadline(vcpu, value);
  const low = <u32>value;
  if (<u64>value >> 32) return false;
  switch (msr) {
    case MSR_X2APIC_LVT_TIMER: return writeLvt(vcpu, low);
    case MSR_COUNT_INITIAL: return startCount(vcpu, low);
    case MSR_DIVIDE: {
      if (low & ~DIVIDE_WRITABLE) return false;
      store<u32>(record(vcpu), low, DIVIDE);
      return true;
    }
    default: return false;
  }
}

/** A change of mode disarms. */
function writeLvt(vcpu: i32, value: u32): bool {
  if ((value & LVT_MODE) != modeOf(vcpu)) disarm(vcpu);
  store<u32>(record(vcpu), value & LVT_WRITABLE, LVT);
  return true;
}

/** 0 disarms; ignored in the other modes. A deadline that has passed expires at once: the machine's timers do so themselves. */
function writeDeadline(vcpu: i32, tsc: i64): bool {
  if (modeOf(vcpu) != LVT_TSC_DEADLINE) return true;
  store<i64>(record(vcpu), tsc, DEADLINE);
  if (tsc) host.timer_set(vcpu, SLOT, tsc, 0, COUNTER_TSC);
  else disarm(vcpu);
  return true;
}

/** Starts the count-down, or (0) stops it; ignored in TSC-deadline mode. */
function startCount(vcpu: i32, count: u32): bool {
  if (modeOf(vcpu) == LVT_TSC_DEADLINE) return true;
  store<u32>(record(vcpu), count, INITIAL);
  if (count) arm(vcpu, lengthOf(vcpu));
  else disarm(vcpu);
  return true;
}

function arm(vcpu: i32, length: i64): void {
  const end = host.now() + length;
  store<i64>(record(vcpu), end, END);
  host.timer_set(vcpu, SLOT, end, modeOf(vcpu) == LVT_PERIODIC ? length : 0, COUNTER_REAL);
}

function currentCount(vcpu: i32): i64 {
  const rest = load<i64>(record(vcpu), END) - host.now();
  return rest > 0 ? rest >> shiftOf(vcpu) : 0;
}

/** Length of a count-down, ns. */
function lengthOf(vcpu: i32): i64 {
  return (<i64>load<u32>(record(vcpu), INITIAL)) << shiftOf(vcpu);
}

/** log2 of the divider that bits 3, 1, 0 of the divide configuration select. */
function shiftOf(vcpu: i32): i64 {
  const divide = load<u32>(record(vcpu), DIVIDE);
  const code = (divide & 3) | ((divide >> 1) & 4);
  return code == 7 ? 0 : code + 1;
}

function disarm(vcpu: i32): void {
  store<i64>(record(vcpu), 0, DEADLINE);
  store<i64>(record(vcpu), 0, END);
  host.timer_cancel(vcpu, SLOT);
}

/** The host timer of this vCPU has expired. Returns the vector to raise, −1 for none. */
export function timerExpired(vcpu: i32): i32 {
  const at = record(vcpu);
  store<i64>(at, 0, DEADLINE);
  store<i64>(at, modeOf(vcpu) == LVT_PERIODIC ? nextEnd(load<i64>(at, END), lengthOf(vcpu)) : 0, END);
  const lvt = load<u32>(at, LVT);
  return lvt & LVT_MASKED ? -1 : <i32>(lvt & 0xff);
}

/** First end that is still to come: missed ones coalesce. */
function nextEnd(end: i64, length: i64): i64 {
  const now = host.now();
  return end > now || length == 0 ? end : end + length * ((now - end) / length + 1);
}
