// The registers and areas of KVM's ABI as a guest may use them and the reference guest half does not: read back, moved, revoked,
// registered amid a version. What the feature leaf does not show raises #GP.
import {
  EOI_RESERVED,
  FLUSH_TLB,
  KVM_CLOCKSOURCE2,
  KVM_CLOCKSOURCE_STABLE,
  KVM_PV_EOI,
  KVM_STEAL_TIME,
  MSR_ENABLE,
  MSR_PV_EOI,
  MSR_STEAL_TIME,
  MSR_SYSTEM_TIME,
  MSR_WALL_CLOCK,
  PVCLOCK_BYTES,
  PVCLOCK_FLAGS,
  PVCLOCK_GUEST_STOPPED,
  PVCLOCK_TSC,
  PVCLOCK_TSC_STABLE,
  STEAL_BYTES,
  STEAL_PREEMPTED,
  STEAL_VERSION,
  WALL_CLOCK_BYTES,
  WALL_CLOCK_NS,
  WALL_CLOCK_SECONDS,
} from "../../backends/kvm/abi";
import { areasRegister, areasRevoke } from "../../backends/kvm/guest/areas";
import { clockRead } from "../../backends/kvm/guest/clock";
import { percpuVa } from "../../backends/lib/info";
import { DIRECT_MAP } from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import * as native from "../../sdk/as/native";
import { readRefused, refused } from "./lib";
import { offers, VECTOR } from "./published";

const PAGE: i64 = 4096;
const NS_PER_S: i64 = 1_000_000_000;
const MSR_COUNT_INITIAL: i32 = 0x838;
const JUNK: i64 = 0x6b6b_6b6b_6b6b_6b6b;
/** Of what this ABI calls its own, numbers that this version of it leaves out, and those of the first clock. */
const ABSENT: StaticArray<i32> = [0x11, 0x12, 0x4b564d02, 0x4b564d05, 0x4b564d06, 0x4b564d07, 0x4b564dff];

function fill(at: i64, bytes: i64): void {
  for (let i: i64 = 0; i < bytes; i += 8) machine.store64(at + i, JUNK);
}

function isJunk(at: i64, bytes: i64): bool {
  for (let i: i64 = 0; i < bytes; i++) if (machine.load8(at + i) != 0x6b) return false;
  return true;
}

/** Writes and reads back, or is refused both ways. */
function holds(msr: i32, value: i64, offered: bool): bool {
  const wrote = !refused(msr, value);
  const read = !readRefused(msr);
  return wrote == offered && read == offered && (!offered || machine.rdmsr(msr) == value);
}

/** Each register holds what was written last, revoked areas and half a bitmap of reserved bits included. */
export function registersReadBack(): bool {
  const clock = offers(KVM_CLOCKSOURCE2);
  const steal = offers(KVM_STEAL_TIME);
  const at = percpuVa - DIRECT_MAP;
  let right = holds(MSR_SYSTEM_TIME, at | MSR_ENABLE, clock) && holds(MSR_STEAL_TIME, (at + 64) | MSR_ENABLE, steal);
  for (let bit: i64 = 2; bit <= 0x20; bit <<= 1) {
    if (!refused(MSR_STEAL_TIME, (at + 128) | bit)) right = false;
    if (steal && machine.rdmsr(MSR_STEAL_TIME) != ((at + 64) | MSR_ENABLE)) right = false;
  }
  const eoi = offers(KVM_PV_EOI);
  right = right && holds(MSR_PV_EOI, (at + 320) | MSR_ENABLE, eoi) && holds(MSR_PV_EOI, 0, eoi);
  right = right && holds(MSR_SYSTEM_TIME, 0, clock) && holds(MSR_STEAL_TIME, 0, steal);
  right = right && holds(MSR_WALL_CLOCK, at + 256, clock);
  right = right && holds(MSR_PV_EOI, (at + 512) | MSR_ENABLE, offers(KVM_PV_EOI));
  right = right && holds(MSR_PV_EOI, 0, offers(KVM_PV_EOI)) && refused(MSR_PV_EOI, EOI_RESERVED);
  areasRegister();
  return right;
}

/** Takes all areas back and marks the first bytes of memory; the caller then has its processor taken away. */
export function areasGo(): void {
  areasRevoke();
  copy(percpuVa + PAGE - 64, DIRECT_MAP);
  fill(DIRECT_MAP, 64);
}

/** Nothing is written for a guest that registered nothing: not at address 0 either, be it descheduled or interrupted. */
export function goneAreasStayUnwritten(): bool {
  const rflags = machine.pushf();
  machine.cli();
  machine.wrmsr(machine.MSR_X2APIC_SELF_IPI, VECTOR);
  machine.sti();
  machine.lfence();
  machine.lfence();
  machine.popf(rflags);
  const right = isJunk(DIRECT_MAP, 64);
  copy(DIRECT_MAP, percpuVa + PAGE - 64);
  areasRegister();
  return right;
}

/** In TSC-deadline mode, which the half's alarms have chosen, an initial count is ignored (Intel SDM vol. 3, TSC-deadline mode). */
export function countIsIgnored(): bool {
  return !refused(MSR_COUNT_INITIAL, 5) && machine.rdmsr(MSR_COUNT_INITIAL) == 0;
}

/** What the host keeps for itself it keeps elsewhere: the last page of the guest's memory is as it was at boot. */
export function lastPageIsEmpty(end: i64): bool {
  for (let at = end - PAGE; at < end; at += 8) if (machine.load64(DIRECT_MAP + at)) return false;
  return true;
}

export function absentAreRefused(): bool {
  for (let i = 0; i < ABSENT.length; i++)
    if (!refused(ABSENT[i], 0) || !readRefused(ABSENT[i])) return false;
  return true;
}

/** An area of `bytes` at the end of a page is an area: whatever is inside is written, and nothing before. */
function endOfPage(bytes: i32): i64 {
  const at = percpuVa + PAGE - bytes;
  fill(percpuVa + PAGE - 256, 256);
  return at;
}

function copy(to: i64, from: i64): void {
  for (let i: i64 = 0; i < 64; i += 8) machine.store64(to + i, machine.load64(from + i));
}

/** Guest-physical address 0 is an address like any other: each area that lies there is written. What was there comes back. */
export function firstBytesAreAnArea(): bool {
  if (!offers(KVM_CLOCKSOURCE2)) return true;
  copy(percpuVa + PAGE - 64, DIRECT_MAP);
  machine.store32(DIRECT_MAP, 6);
  machine.wrmsr(MSR_SYSTEM_TIME, MSR_ENABLE);
  const clock = machine.load32(DIRECT_MAP) > 6;
  machine.store32(DIRECT_MAP, 6);
  machine.wrmsr(MSR_WALL_CLOCK, 0);
  const wallClock = machine.load32(DIRECT_MAP) == 8;
  areasRegister();
  copy(DIRECT_MAP, percpuVa + PAGE - 64);
  return clock && wallClock;
}

/** The version goes on from what is there, to the next even one. */
function follows(version: i32, before: i32): bool {
  return version == ((before + 1) | 1) + 1;
}

/** The clock's area: version, flags, and nothing beside its fields. The flag of a stopped guest is the guest's to clear. */
export function clockAreaIsPublished(before: i32, flags: i32): bool {
  if (!offers(KVM_CLOCKSOURCE2)) return true;
  const at = endOfPage(PVCLOCK_BYTES);
  machine.store32(at, before);
  machine.store8(at + PVCLOCK_FLAGS, flags);
  machine.wrmsr(MSR_SYSTEM_TIME, (at - DIRECT_MAP) | MSR_ENABLE);
  const stable = offers(KVM_CLOCKSOURCE_STABLE) ? PVCLOCK_TSC_STABLE : 0;
  const origin = machine.load64(at + PVCLOCK_TSC);
  const right =
    follows(machine.load32(at), before) &&
    machine.load8(at + PVCLOCK_FLAGS) == (stable | (flags & PVCLOCK_GUEST_STOPPED)) &&
    origin >= 0 &&
    origin <= machine.rdtsc() &&
    machine.load32(at + 4) == 0x6b6b6b6b &&
    isJunk(percpuVa + PAGE - 256, 256 - PVCLOCK_BYTES);
  areasRegister();
  return right;
}

/** The wall clock: UTC when the clock was 0, as the real-time clock has it, to two seconds. */
export function wallClockIsPublished(before: i32): bool {
  if (!offers(KVM_CLOCKSOURCE2)) return true;
  const at = endOfPage(WALL_CLOCK_BYTES);
  machine.store32(at, before);
  machine.wrmsr(MSR_WALL_CLOCK, at - DIRECT_MAP);
  const boot_s = <i64>(<u32>machine.load32(at + WALL_CLOCK_SECONDS));
  const late_s = native.time_wallclock_get() / NS_PER_S - clockRead() / NS_PER_S - boot_s;
  return (
    follows(machine.load32(at), before) &&
    late_s >= -2 &&
    late_s <= 2 &&
    <u32>machine.load32(at + WALL_CLOCK_NS) < <u32>NS_PER_S &&
    isJunk(percpuVa + PAGE - 256, 256 - WALL_CLOCK_BYTES)
  );
}

let stolenBefore: i64 = 0;

/** Registers a steal area that had another user before: its flags are taken at once. The caller then has its processor taken away. */
export function stealAreaMoves(): bool {
  if (!offers(KVM_STEAL_TIME)) return true;
  const at = endOfPage(STEAL_BYTES);
  machine.fill(at, 0, STEAL_BYTES >> 3);
  machine.store64(at, 5);
  machine.store32(at + STEAL_VERSION, 7);
  machine.store8(at + STEAL_PREEMPTED, FLUSH_TLB);
  machine.wrmsr(MSR_STEAL_TIME, (at - DIRECT_MAP) | MSR_ENABLE);
  stolenBefore = machine.load64(at);
  return machine.load8(at + STEAL_PREEMPTED) == 0;
}

/** It has grown by what was stolen since, under an even version, and its flags are the guest's. */
export function stealAreaHasGrown(stolen_ns: i64): bool {
  if (!offers(KVM_STEAL_TIME)) return true;
  const at = percpuVa + PAGE - STEAL_BYTES;
  const grown = machine.load64(at) - stolenBefore;
  const version = machine.load32(at + STEAL_VERSION);
  const right =
    grown >= stolen_ns &&
    grown < 2 * stolen_ns &&
    version > 7 &&
    !(version & 1) &&
    machine.load8(at + STEAL_PREEMPTED) == 0 &&
    machine.load32(at + 12) == 0 &&
    isJunk(percpuVa + PAGE - 256, 256 - STEAL_BYTES);
  areasRegister();
  return right;
}
