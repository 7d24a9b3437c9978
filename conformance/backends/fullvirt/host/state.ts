// What the host half keeps of each vCPU beside the machine's fields, and the endings of an exit.
//
//   vCPU (64 bytes): | cr0 u64 | cr4 u64 | sysenter cs, esp, eip u64 | cstar u64 | tsc_adjust u64 | halted u8 | startup u8 | stuck u8 |
import * as host from "../../../sdk/as/host";

export const VCPUS_MAX: i32 = 8;
const VCPU_BYTES: i32 = 64;
const records: usize = memory.data(512, 8);

/** INTR_STATE: shadow of STI, NMIs blocked, an NMI waiting. */
export const INTR_STI: i64 = 1;
export const INTR_NMI_BLOCKED: i64 = 2;
export const INTR_NMI_PENDING: i64 = 4;

/** Where words of the record lie; the registers that exist only for the guest. */
export const CR0: i32 = 0;
export const CR4: i32 = 8;
export const SYSENTER_CS: i32 = 16;
export const SYSENTER_ESP: i32 = 24;
export const SYSENTER_EIP: i32 = 32;
export const CSTAR: i32 = 40;
export const TSC_ADJUST: i32 = 48;
const HALTED: i32 = 56;
const STARTUP: i32 = 57;
const STUCK: i32 = 58;

/** `startup` of a vCPU: it runs; INIT has to be obeyed; it waits for SIPI. */
export const STARTUP_NONE: i32 = 0;
export const STARTUP_INIT: i32 = 1;
export const STARTUP_WAIT: i32 = 2;

export let vcpus: i32 = 0;

export function stateInit(count: i32): void {
  vcpus = count;
}

@inline
function at(vcpu: i32, offset: i32): usize {
  return records + vcpu * VCPU_BYTES + offset;
}

@inline
export function word(vcpu: i32, offset: i32): i64 {
  return load<i64>(at(vcpu, offset));
}

@inline
export function setWord(vcpu: i32, offset: i32, value: i64): void {
  store<i64>(at(vcpu, offset), value);
}

/** Whether the vCPU's HLT waits for an event; RIP still names it. */
export function isHalted(vcpu: i32): bool {
  return load<u8>(at(vcpu, HALTED)) != 0;
}

export function setHalted(vcpu: i32, on: bool): void {
  store<u8>(at(vcpu, HALTED), on ? 1 : 0);
}

export function startup(vcpu: i32): i32 {
  return load<u8>(at(vcpu, STARTUP));
}

export function setStartup(vcpu: i32, state: i32): void {
  store<u8>(at(vcpu, STARTUP), <u8>state);
}

/** Counts exits that could only be repeated; 0 resets. */
export function countStuck(vcpu: i32, more: bool): i32 {
  const n = more ? load<u8>(at(vcpu, STUCK)) + 1 : 0;
  store<u8>(at(vcpu, STUCK), <u8>n);
  return n;
}

/** The instruction is done: RIP goes behind it, the shadow of an earlier STI ends. */
export function skip(vcpu: i32): i32 {
  host.set(vcpu, host.FIELD_RIP, host.get(vcpu, host.FIELD_RIP) + host.get(vcpu, host.FIELD_EXIT_LEN));
  endShadow(vcpu);
  return host.ACTION_ENTER;
}

export function endShadow(vcpu: i32): void {
  const state = host.get(vcpu, host.FIELD_INTR_STATE);
  if (state & INTR_STI) host.set(vcpu, host.FIELD_INTR_STATE, state & ~INTR_STI);
}

/** As skip, with the instruction's result. */
export function finish(vcpu: i32, result: i64): i32 {
  host.set(vcpu, host.FIELD_RAX, result);
  return skip(vcpu);
}

/** Judges the guest; words are ASCII of at most 64 characters. */
export function crash(why: string): i32 {
  const length = min(why.length, 64);
  for (let i = 0; i < length; i++) store<u8>(words + i, <u8>load<u16>(changetype<usize>(why) + ((<usize>i) << 1)));
  host.crash(<i32>words, length);
  return host.ACTION_OFF;
}

const words: usize = memory.data(64);
