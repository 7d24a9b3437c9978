// Private state of the host half, one record per vCPU. The lock is held whenever any of this runs.
//   @0 u64 system_time MSR   @8 u64 steal MSR   @16 u64 stolen ns published   @24 u8 unhalted   @25 u8 hlt allowed   @26 u8 steal due
//   @27 u8 PV EOI bit published   @28 u32 APIC id   @32 u64 PV EOI MSR   @40 u8 guest stopped
import * as host from "../../../sdk/as/host";

export const VCPUS_MAX: i32 = 8;
const RECORD: usize = 48;
const records: usize = memory.data(384, 8);

export let vcpus: i32 = 1;
/** Bits of CPUID_FEATURES.EAX that this guest may use. */
export let offered: i32 = 0;

export function stateInit(count: i32, features: i32): void {
  vcpus = min(count, VCPUS_MAX);
  offered = features;
  // Later a vCPU may be in guest mode, where its fields cannot be read.
  for (let i = 0; i < vcpus; i++) store<u32>(record(i), <u32>host.get(i, host.FIELD_APIC_ID), 28);
}

@inline
function record(vcpu: i32): usize {
  return records + <usize>vcpu * RECORD;
}

export function systemTimeMsr(vcpu: i32): i64 {
  return load<i64>(record(vcpu));
}

export function setSystemTimeMsr(vcpu: i32, v: i64): void {
  store<i64>(record(vcpu), v);
}

export function stealMsr(vcpu: i32): i64 {
  return load<i64>(record(vcpu), 8);
}

export function setStealMsr(vcpu: i32, v: i64): void {
  store<i64>(record(vcpu), v, 8);
}

export function stealPublished(vcpu: i32): i64 {
  return load<i64>(record(vcpu), 16);
}

export function setStealPublished(vcpu: i32, v: i64): void {
  store<i64>(record(vcpu), v, 16);
}

/** A kick that no halt has consumed yet: it makes kicks sticky. */
export function unhalted(vcpu: i32): bool {
  return load<u8>(record(vcpu), 24) != 0;
}

export function setUnhalted(vcpu: i32, on: bool): void {
  store<u8>(record(vcpu), on ? 1 : 0, 24);
}

/** HLT may run in guest mode at the coming entry: the halt was checked and nothing speaks against it. */
export function hltAllowed(vcpu: i32): bool {
  return load<u8>(record(vcpu), 25) != 0;
}

export function setHltAllowed(vcpu: i32, on: bool): void {
  store<u8>(record(vcpu), on ? 1 : 0, 25);
}

/** The steal area must be looked at before the next entry. */
export function stealDue(vcpu: i32): bool {
  return load<u8>(record(vcpu), 26) != 0;
}

export function setStealDue(vcpu: i32, on: bool): void {
  store<u8>(record(vcpu), on ? 1 : 0, 26);
}

export function eoiMsr(vcpu: i32): i64 {
  return load<i64>(record(vcpu), 32);
}

export function setEoiMsr(vcpu: i32, v: i64): void {
  store<i64>(record(vcpu), v, 32);
}

/** The PV EOI bit was set and has not been looked at since. */
export function eoiPublished(vcpu: i32): bool {
  return load<u8>(record(vcpu), 27) != 0;
}

export function setEoiPublished(vcpu: i32, on: bool): void {
  store<u8>(record(vcpu), on ? 1 : 0, 27);
}

/** The guest has not been told yet that it was stopped. */
export function stopped(vcpu: i32): bool {
  return load<u8>(record(vcpu), 40) != 0;
}

export function setStopped(vcpu: i32, on: bool): void {
  store<u8>(record(vcpu), on ? 1 : 0, 40);
}

/** INIT takes every area and what was kept for the vCPU; what it has been told of stolen time stays. */
export function stateReset(vcpu: i32): void {
  setSystemTimeMsr(vcpu, 0);
  setStealMsr(vcpu, 0);
  setEoiMsr(vcpu, 0);
  store<u32>(record(vcpu), 0, 24);
}

/** vCPU with this APIC id; −1 if there is none. */
export function vcpuOfApicId(id: i64): i32 {
  for (let i = 0; i < vcpus; i++) if (load<u32>(record(i), 28) == id) return i;
  return -1;
}

/**
 * Machine address of `bytes` bytes at guest-physical `gpa`, or −1: guest addresses are hostile, so an area must lie in one
 * page that exists and belongs to the guest (CVE-2013-1796, CVE-2013-1797).
 */
export function areaOf(gpa: i64, bytes: i32): i64 {
  if (<u64>gpa >> 43 || (gpa & 0xfff) + bytes > 0x1000) return -1;
  const mfn = host.guest_frame(<i32>(gpa >> 12));
  if (mfn < 0 || host.owner(mfn) != host.OWNER_GUEST) return -1;
  return (mfn << 12) | (gpa & 0xfff);
}

/** Completes the instruction that exited. */
export function skip(vcpu: i32): i32 {
  host.set(vcpu, host.FIELD_RIP, host.get(vcpu, host.FIELD_RIP) + host.get(vcpu, host.FIELD_EXIT_LEN));
  return host.ACTION_ENTER;
}

const EVENT_GP: i64 = 0x8000_0b0d;

/** Delivers #GP(0) instead of the instruction that exited: vector 13, type fault, error valid, valid. */
export function injectGp(vcpu: i32): i32 {
  host.set(vcpu, host.FIELD_ENTRY_ERROR, 0);
  host.set(vcpu, host.FIELD_ENTRY_EVENT, EVENT_GP);
  return host.ACTION_ENTER;
}

const EVENT_UD: i64 = 0x8000_0306;

/** Delivers #UD instead of the instruction that exited. */
export function injectUd(vcpu: i32): i32 {
  host.set(vcpu, host.FIELD_ENTRY_EVENT, EVENT_UD);
  return host.ACTION_ENTER;
}

const words: usize = memory.data(64);

/** Judges the guest; words are ASCII of at most 64 characters. */
export function crash(why: string): i32 {
  const length = min(why.length, 64);
  for (let i = 0; i < length; i++) store<u8>(words + i, <u8>load<u16>(changetype<usize>(why) + ((<usize>i) << 1)));
  host.crash(<i32>words, length);
  return host.ACTION_OFF;
}
