// pvclock: writes the time areas. All vCPUs get the same pair of counter and time, so readings agree across vCPUs (TSC_STABLE).
import * as host from "../../../sdk/as/host";
import { LOCK, RMW_OR, SIZE_8 } from "../../../sdk/as/machine";
import { scaleMul, scaleShift } from "../../lib/scale";
import {
  KVM_CLOCKSOURCE_STABLE,
  KVM_CLOCKSOURCE2,
  MSR_ENABLE,
  PVCLOCK_BYTES,
  PVCLOCK_FLAGS,
  PVCLOCK_GUEST_STOPPED,
  PVCLOCK_MUL,
  PVCLOCK_SHIFT,
  PVCLOCK_SYSTEM,
  PVCLOCK_TSC,
  PVCLOCK_TSC_STABLE,
} from "../abi";
import { areaOf, offered, setStopped, stopped, systemTimeMsr, vcpus } from "./state";

const NS_PER_S: u64 = 1_000_000_000;
const OR_8: i32 = RMW_OR | SIZE_8 | LOCK;

/** The guest's counter on this machine. */
let scale: i64 = 0;
let offset: i64 = 0;
let hz: u64 = 1;
let mul: u32 = 0;
let shift: i32 = 0;
/** A counter value and its time, from which all others on this machine follow. */
let origin_tsc: u64 = 0;
let origin_ns: u64 = 0;
let base_tsc: u64 = 0;
let base_ns: u64 = 0;

/** The bare machine's counter began with its time. */
export function clockInit(): void {
  takeRate(0);
  sample(0);
}

/** Frequency of the counter that the guest reads: the bare machine's, scaled by 32.32 fixed point, to the nearest Hz. */
function takeRate(vcpu: i32): void {
  scale = host.get(vcpu, host.FIELD_TSC_SCALE);
  offset = host.get(vcpu, host.FIELD_TSC_OFFSET);
  const bare_hz = <u64>host.tsc_hz();
  hz = bare_hz * (<u64>scale >> 32) + ((bare_hz * (<u64>scale & 0xffff_ffff) + 0x8000_0000) >> 32);
  shift = scaleShift(hz);
  mul = scaleMul(hz);
}

/** Takes one reading of the counter and the time that belongs to exactly this reading. */
function sample(vcpu: i32): void {
  base_tsc = <u64>host.get(vcpu, host.FIELD_TSC);
  base_ns = timeOf(base_tsc);
}

/** ns at which the counter had this value. */
export function timeOf(tsc: u64): u64 {
  const ticks = tsc - origin_tsc;
  return origin_ns + (ticks / hz) * NS_PER_S + ((ticks % hz) * NS_PER_S) / hz;
}

/**
 * The guest goes on on another machine: another rate, and a new origin. It was stopped meanwhile, which every vCPU is told once.
 * The time is taken first: behind what it was, never ahead.
 */
function moved(vcpu: i32): void {
  takeRate(vcpu);
  origin_ns = <u64>host.now();
  origin_tsc = <u64>host.get(vcpu, host.FIELD_TSC);
  for (let i = 0; i < vcpus; i++) setStopped(i, true);
}

/**
 * A new pair for everybody, since `vcpu` runs again. The truncated multiplier is up to 1 ns per second slow: after more
 * than a second an old and a new pair could disagree visibly, so the others are held out of guest mode meanwhile.
 */
export function clockRefresh(vcpu: i32): void {
  if (!(offered & KVM_CLOCKSOURCE2)) return keepCounter(vcpu);
  const before = base_tsc;
  if (host.get(vcpu, host.FIELD_TSC_SCALE) != scale || host.get(vcpu, host.FIELD_TSC_OFFSET) != offset) moved(vcpu);
  sample(vcpu);
  if (base_tsc - before > hz) for (let i = 0; i < vcpus; i++) if (i != vcpu) host.stop(i);
  for (let i = 0; i < vcpus; i++) clockPublish(i);
}

/** The guest reads nothing but the counter: that goes on as it began, on whatever machine. */
function keepCounter(vcpu: i32): void {
  host.set(vcpu, host.FIELD_TSC_SCALE, scale);
  host.set(vcpu, host.FIELD_TSC_OFFSET, offset);
}

/** Machine address of the vCPU's area, −1 when none is registered. */
function area(vcpu: i32): i64 {
  const msr = systemTimeMsr(vcpu);
  return msr & MSR_ENABLE ? areaOf(msr & ~MSR_ENABLE, PVCLOCK_BYTES) : -1;
}

/** A new area. Its vCPU is in this exit, so that nobody clears the bit that the guest has yet to clear. */
export function clockRegistered(vcpu: i32): void {
  const at = area(vcpu);
  if (at < 0) return;
  const kept = host.load8(at + PVCLOCK_FLAGS) & PVCLOCK_GUEST_STOPPED;
  host.store8(at + PVCLOCK_FLAGS, kept | (offered & KVM_CLOCKSOURCE_STABLE ? PVCLOCK_TSC_STABLE : 0));
  clockPublish(vcpu);
}

/**
 * Writes the area of one vCPU: version odd, body, version even. Stores leave a CPU in order, so no fence is needed. The vCPU
 * may be clearing GUEST_STOPPED just now: the bit is set by one locked step, and never written back.
 */
export function clockPublish(vcpu: i32): void {
  const at = area(vcpu);
  if (at < 0) return;
  const version = (host.load32(at) + 1) | 1;
  host.store32(at, version);
  host.store64(at + PVCLOCK_TSC, base_tsc);
  host.store64(at + PVCLOCK_SYSTEM, base_ns);
  host.store32(at + PVCLOCK_MUL, mul);
  host.store8(at + PVCLOCK_SHIFT, shift);
  if (stopped(vcpu)) {
    host.rmw(OR_8, at + PVCLOCK_FLAGS, PVCLOCK_GUEST_STOPPED);
    setStopped(vcpu, false);
  }
  host.store32(at, version + 1);
}
