// Simulated time. One real clock; per vCPU real = running + ready (stolen) + blocked at every instant.
import { config } from "./config";
import { machine } from "./machine";
import { BOOT_UTC_S } from "./rtc";
import { Runstate, Vcpu } from "./vcpu";

/** Real time passes. Timers expire only when expireDue is asked. */
@inline
export function advance(ns: u64): void {
  machine.now += ns;
}

/** UTC of power-on in s, by the real-time clock as it is set now. */
export function utcAtPowerOn(): u64 {
  return BOOT_UTC_S + machine.utc_set_s;
}

/** Adds the time since the last change to the counter of the present runstate. */
export function account(v: Vcpu): void {
  const elapsed = machine.now - v.accounted_at;
  v.accounted_at = machine.now;
  if (v.runstate == Runstate.READY) v.time_ready += elapsed;
  else if (v.runstate == Runstate.GUEST || v.runstate == Runstate.HOST) v.time_running += elapsed;
  else v.time_blocked += elapsed;
}

/** The only way to change RUNSTATE. */
export function setRunstate(v: Vcpu, state: u32): void {
  account(v);
  v.runstate = state;
}

/** Time in READY, ns. */
export function timeStolen(v: Vcpu): u64 {
  account(v);
  return v.time_ready;
}

/** Real time without the stolen, ns. */
export function timeAvailable(v: Vcpu): u64 {
  account(v);
  return v.time_running + v.time_blocked;
}

/** Whether real = available + stolen holds: for the audit. */
export function timeIdentityHolds(v: Vcpu): bool {
  account(v);
  return v.time_running + v.time_ready + v.time_blocked == machine.now;
}

/** Ticks of the bare machine's TSC at a real time, rounded down. */
export function bareTscAt(ns: u64): u64 {
  return (ns / 1_000_000_000) * config.tsc_hz + ((ns % 1_000_000_000) * config.tsc_hz) / 1_000_000_000;
}

/** value × scale, scale in 32.32 fixed point, modulo 2^64. */
function scaled(value: u64, scale: u64): u64 {
  const low = value & 0xffff_ffff;
  return (value >> 32) * scale + low * (scale >> 32) + ((low * (scale & 0xffff_ffff)) >> 32);
}

/** The vCPU's TSC at a real time: scaled, with the host's offset and its own adjustment. */
export function tscAt(v: Vcpu, ns: u64): u64 {
  return scaled(bareTscAt(ns), v.tsc_scale) + v.tsc_offset + v.tsc_adjust;
}

@inline
export function tscOf(v: Vcpu): u64 {
  return tscAt(v, machine.now);
}

/** What RDTSC answers; reading a clock takes 1 ns. */
export function readTsc(v: Vcpu): u64 {
  advance(1);
  return tscOf(v);
}

/** First real time from now on at which the TSC reaches `value`; ~0 if that is more than 2^50 ns away. */
export function realTimeOfTsc(v: Vcpu, value: u64): u64 {
  let low = machine.now;
  let high = machine.now + ((<u64>1) << 50);
  if (tscAt(v, low) >= value) return low;
  if (tscAt(v, high) < value) return ~(<u64>0);
  while (high - low > 1) {
    const middle = low + ((high - low) >> 1);
    if (tscAt(v, middle) >= value) high = middle;
    else low = middle;
  }
  return high;
}

/** Migration to a machine with another TSC: rate and value change at once. */
export function migrateTsc(v: Vcpu, scale: u64, offset: u64): void {
  v.tsc_scale = scale;
  v.tsc_offset = offset;
}
