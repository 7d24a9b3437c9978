// Timers in simulated time: the local APIC's and the host half's.
//
//   host timer slot: | at u64 | period u64 | counter u32 (0 real, 1 available, 2 guest TSC) | armed u32 |
import { raiseIrq } from "./apic";
import { config } from "./config";
import { hostTimers, machine } from "./machine";
import { realTimeOfTsc, timeAvailable, tscOf } from "./time";
import { Runstate, TIMER_BYTES, TIMER_SLOTS, timersOf, Vcpu, vcpuAt } from "./vcpu";

/** No timer is armed. */
export const NEVER: u64 = ~(<u64>0);

const LVT_MASKED: u32 = 0x10000;
const LVT_MODE: u32 = 0x60000;
export const LVT_PERIODIC: u32 = 0x20000;
export const LVT_TSC_DEADLINE: u32 = 0x40000;

@inline
function slotOf(vcpu: i32, slot: u32): usize {
  return (vcpu < 0 ? hostTimers() : timersOf(vcpuAt(vcpu))) + slot * TIMER_BYTES;
}

function slotExists(vcpu: i32, slot: u32): bool {
  return slot < TIMER_SLOTS && vcpu >= -1 && vcpu < <i32>config.vcpus;
}

/** host.timer_set: 0, or −1 EINVAL. vcpu −1 has real time only. */
export function timerSet(vcpu: i32, slot: u32, at: u64, period: u64, counter: u32): i32 {
  if (!slotExists(vcpu, slot) || counter > 2 || (vcpu < 0 && counter != 0)) return -1;
  const timer = slotOf(vcpu, slot);
  store<u64>(timer, at);
  store<u64>(timer, period, 8);
  store<u32>(timer, counter, 16);
  store<u32>(timer, 1, 20);
  return 0;
}

/** host.timer_cancel: 1 if it was armed, 0 if not, −1 EINVAL. An expiry not yet taken is cancelled too. */
export function timerCancel(vcpu: i32, slot: u32): i32 {
  if (!slotExists(vcpu, slot)) return -1;
  const timer = slotOf(vcpu, slot);
  const armed = load<u32>(timer, 20);
  memory.fill(timer, 0, TIMER_BYTES);
  if (vcpu < 0) machine.timers_expired &= ~(1 << slot);
  else vcpuAt(vcpu).timers_expired &= ~(1 << slot);
  return armed;
}

/** Present value of a timer's counter. */
function counterOf(vcpu: i32, counter: u32): u64 {
  if (counter == 0) return machine.now;
  return counter == 1 ? timeAvailable(vcpuAt(vcpu)) : tscOf(vcpuAt(vcpu));
}

/** Real time at which a slot expires if no runstate changes until then. */
function deadlineOf(vcpu: i32, timer: usize): u64 {
  if (!load<u32>(timer, 20)) return NEVER;
  const counter = load<u32>(timer, 16);
  const at = load<u64>(timer);
  if (counter == 2) return realTimeOfTsc(vcpuAt(vcpu), at);
  const present = counterOf(vcpu, counter);
  if (at <= present) return machine.now;
  // Available time stands still while the vCPU is READY.
  if (counter == 1 && vcpuAt(vcpu).runstate == Runstate.READY) return NEVER;
  return at - present > NEVER - machine.now ? NEVER : machine.now + (at - present);
}

function apicDeadline(v: Vcpu): u64 {
  if (v.tsc_deadline) return realTimeOfTsc(v, v.tsc_deadline);
  if (!v.timer_at) return NEVER;
  return v.timer_at > machine.now ? v.timer_at : machine.now;
}

/** Real time of the next expiry of any timer, `machine.now` if one is due, NEVER if none is armed. */
export function nextDeadline(): u64 {
  let next = NEVER;
  for (let vcpu: i32 = -1; vcpu < <i32>config.vcpus; vcpu++) {
    if (vcpu >= 0) next = min(next, apicDeadline(vcpuAt(vcpu)));
    for (let slot: u32 = 0; slot < TIMER_SLOTS; slot++) next = min(next, deadlineOf(vcpu, slotOf(vcpu, slot)));
  }
  return next;
}

/**
 * Expires what is due, in order of vCPU and slot: APIC timers set IRR, host timers their bit in timers_expired (at most one
 * expiry of a slot is pending). Returns the number of expiries.
 */
export function expireDue(): u32 {
  let expired: u32 = 0;
  for (let vcpu: i32 = -1; vcpu < <i32>config.vcpus; vcpu++) {
    if (vcpu >= 0) expired += expireApic(vcpuAt(vcpu));
    for (let slot: u32 = 0; slot < TIMER_SLOTS; slot++) expired += expireSlot(vcpu, slot);
  }
  return expired;
}

function expireSlot(vcpu: i32, slot: u32): u32 {
  const timer = slotOf(vcpu, slot);
  if (!load<u32>(timer, 20)) return 0;
  const at = load<u64>(timer);
  const period = load<u64>(timer, 8);
  const present = counterOf(vcpu, load<u32>(timer, 16));
  if (at > present) return 0;
  if (period) store<u64>(timer, nextPeriod(at, period, present));
  else store<u32>(timer, 0, 20);
  if (vcpu < 0) machine.timers_expired |= 1 << slot;
  else vcpuAt(vcpu).timers_expired |= 1 << slot;
  return 1;
}

/** First expiry behind `present`: missed ones coalesce. */
function nextPeriod(at: u64, period: u64, present: u64): u64 {
  return at + period * ((present - at) / period + 1);
}

function expireApic(v: Vcpu): u32 {
  if (v.tsc_deadline) {
    if (tscOf(v) < v.tsc_deadline) return 0;
    v.tsc_deadline = 0;
  } else {
    if (!v.timer_at || v.timer_at > machine.now) return 0;
    v.timer_at = (v.lvt_timer & LVT_MODE) == LVT_PERIODIC ? nextPeriod(v.timer_at, countdownOf(v), machine.now) : 0;
  }
  if (!(v.lvt_timer & LVT_MASKED)) raiseIrq(v, v.lvt_timer & 0xff);
  return 1;
}

/** Length of the APIC's count-down, ns; its clock ticks once per ns times the divider. */
export function countdownOf(v: Vcpu): u64 {
  return <u64>v.timer_initial << dividerShift(v);
}

/** log2 of the divider that the divide configuration (bits 3, 1, 0) selects. */
export function dividerShift(v: Vcpu): u64 {
  const code = (v.timer_divide & 3) | ((v.timer_divide >> 1) & 4);
  return code == 7 ? 0 : code + 1;
}

/** Current-count register. */
export function currentCount(v: Vcpu): u32 {
  if (!v.timer_at || v.timer_at <= machine.now) return 0;
  return <u32>((v.timer_at - machine.now) >> dividerShift(v));
}

/** Write of the initial-count register: starts or (0) stops the count-down; ignored in TSC-deadline mode. */
export function startCountdown(v: Vcpu, count: u32): void {
  if ((v.lvt_timer & LVT_MODE) == LVT_TSC_DEADLINE) return;
  v.timer_initial = count;
  v.timer_at = count ? machine.now + countdownOf(v) : 0;
}

/** Write of LVT timer: a change of mode disarms. */
export function setLvtTimer(v: Vcpu, value: u32): void {
  if ((v.lvt_timer ^ value) & LVT_MODE) {
    v.tsc_deadline = 0;
    v.timer_at = 0;
  }
  v.lvt_timer = value & 0x710ff;
}

/** Write of IA32_TSC_DEADLINE: 0 disarms; ignored outside TSC-deadline mode. */
export function setTscDeadline(v: Vcpu, value: u64): void {
  if ((v.lvt_timer & LVT_MODE) == LVT_TSC_DEADLINE) v.tsc_deadline = value;
}
