// What the halves of races share. Words at `at`: @0–@55 the race's own, @56 u32 vCPUs, @64 u32[] APIC ids.
import * as machine from "../../sdk/as/machine";

/** Vector whose handler in the test kernel calls race_event. */
const VECTOR: i64 = 0x44;
const HYPERCALL_SEND: i64 = 16;

export function abi(): i64 {
  return 0x0001000000010000;
}

export function vcpus(at: i64): i32 {
  return machine.load32(at + 56);
}

export function apicIdOf(at: i64, vcpu: i32): i32 {
  return machine.load32(at + 64 + (vcpu << 2));
}

/** Sends the vector to a vCPU by x2APIC. */
export function interrupt(at: i64, vcpu: i32): void {
  machine.wrmsr(machine.MSR_X2APIC_ICR, ((<i64>apicIdOf(at, vcpu)) << 32) | VECTOR);
}

/** Has the test host half send the vector to every id of a bitmap of 128 that begins at id `first`. */
export function sendWindow(low: u64, high: u64, first: i32): void {
  machine.hypercall(HYPERCALL_SEND, low, high, first, 0, 0, 0);
}
