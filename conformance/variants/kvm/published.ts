// What a host half of KVM's ABI answers to calls that are legal and that the reference guest half never makes. Every question is
// asked according to the features that the host's CPUID leaf shows: what is not offered is refused as published.
import {
  CPUID_FEATURES,
  CPUID_SIGNATURE,
  EINVAL,
  ENOSYS,
  EPERM,
  HC_KICK_CPU,
  HC_SCHED_YIELD,
  HC_SEND_IPI,
  ICR_NMI,
  KVM_PV_SCHED_YIELD,
  KVM_PV_SEND_IPI,
  KVM_PV_UNHALT,
} from "../../backends/kvm/abi";
import { apicIdOf, self, vcpus } from "../../backends/lib/info";
import * as machine from "../../sdk/as/machine";
import * as native from "../../sdk/as/native";
import { hypercall } from "./lib";

/** A vector of the kernel that nothing else sends in the case, and its bit in the fourth word of IRR. */
export const VECTOR: i32 = 0x46;
const IRR_WORD: i32 = 0x822;
const IRR_BIT: i64 = 1 << (VECTOR & 31);
const WINDOW: i32 = 128;
/** Calls that are made at user privilege; the last one is not defined. */
export const USER_CALLS: StaticArray<i64> = [HC_KICK_CPU, HC_SEND_IPI, HC_SCHED_YIELD, 99];
/** Logical destination, self, all, all but self. */
const REFUSED: StaticArray<i64> = [0x800, 0x40000, 0x80000, 0xc0000];
const DEVICES: StaticArray<i32> = [0x500, 0x504, 0x506, 0x440, 0x442, 0x60, 0xcf8];

/** EAX of the feature leaf. */
export function offers(feature: i32): bool {
  machine.cpuid(CPUID_FEATURES, 0);
  return (<i32>machine.reg(machine.RAX) & feature) != 0;
}

/** Bit i of the window names id `first` + i, for each i; the caller is the only one named. Returns whether all is right. */
export function windowReachesSelf(): bool {
  const id = apicIdOf(self);
  const rflags = machine.pushf();
  machine.cli();
  let right = true;
  for (let bit = 0; bit < WINDOW && bit <= id; bit++) {
    const low = bit < 64 ? <i64>1 << bit : 0;
    const high = bit < 64 ? 0 : <i64>1 << (bit - 64);
    if (hypercall(HC_SEND_IPI, low, high, id - bit, VECTOR) != 1) right = false;
    if ((machine.rdmsr(IRR_WORD) & IRR_BIT) == 0) right = false;
    // Takes the one that is pending.
    machine.sti();
    machine.lfence();
    machine.lfence();
    machine.cli();
    if ((machine.rdmsr(IRR_WORD) & IRR_BIT) != 0) right = false;
  }
  machine.popf(rflags);
  return right;
}

/** As many as are named and take interrupts: from the lowest id on, with a gap. */
export function ipisAreCounted(): bool {
  let named = 0;
  for (let i = 0; i < vcpus; i++) if (apicIdOf(i) < WINDOW) named++;
  // Vectors below 16 are nobody's: the mode alone decides what an NMI is.
  return (
    hypercall(HC_SEND_IPI, -1, -1, 0, VECTOR) == named &&
    hypercall(HC_SEND_IPI, 0, 0, 0, VECTOR) == 0 &&
    hypercall(HC_SEND_IPI, 1, 0, apicIdOf(self), ICR_NMI | 1) == 1
  );
}

/** A vCPU that is down takes no interrupt and is not counted. */
export function downIsSkipped(vcpu: i32): bool {
  native.smp_cpu_down(vcpu);
  // Its INIT is on the way.
  for (let turn = 0; turn < 16; turn++) machine.pause();
  return hypercall(HC_SEND_IPI, 1, 0, apicIdOf(vcpu), VECTOR) == 0;
}

export function destinationsAreRefused(): bool {
  for (let i = 0; i < REFUSED.length; i++)
    if (hypercall(HC_SEND_IPI, 1, 0, apicIdOf(self), VECTOR | REFUSED[i]) != EINVAL) return false;
  return true;
}

/** Legal calls of each number, by VMCALL: 0 or a count if offered, else −1000. */
export function callsAreGated(): bool {
  const id = apicIdOf(self);
  return (
    hypercall(HC_KICK_CPU, -1, id, -1, -1) == (offers(KVM_PV_UNHALT) ? 0 : ENOSYS) &&
    hypercall(HC_SCHED_YIELD, id, -1, -1, -1) == (offers(KVM_PV_SCHED_YIELD) ? 0 : ENOSYS) &&
    hypercall(HC_SCHED_YIELD, 0x7fff_ffff, -1, -1, -1) == (offers(KVM_PV_SCHED_YIELD) ? 0 : ENOSYS) &&
    hypercall(HC_SEND_IPI, 0, 0, 0, VECTOR) == (offers(KVM_PV_SEND_IPI) ? 0 : ENOSYS)
  );
}

/** Puts call i of `USER_CALLS` into the registers, for user code to make. */
export function prepareUserCall(i: i32): void {
  machine.set_reg(machine.RAX, USER_CALLS[i]);
  machine.set_reg(machine.RBX, 1);
  machine.set_reg(machine.RCX, 0);
  machine.set_reg(machine.RDX, apicIdOf(self));
  machine.set_reg(machine.RSI, VECTOR);
}

/** Privilege is looked at before the number. The answer to user code is in RDI. */
export function userWasRefused(): bool {
  return machine.reg(machine.RDI) == EPERM;
}

/** By the other instruction too; RAX alone changes. */
export function registersStay(): bool {
  hypercall(HC_SCHED_YIELD, 0x1111, 0x2222, 0x3333, 0x4444);
  let right = argumentsStand();
  machine.set_reg(machine.RAX, HC_SCHED_YIELD);
  machine.vmmcall();
  if (machine.reg(machine.RAX) != (offers(KVM_PV_SCHED_YIELD) ? 0 : ENOSYS)) right = false;
  return right;
}

function argumentsStand(): bool {
  return (
    machine.reg(machine.RBX) == 0x1111 &&
    machine.reg(machine.RCX) == 0x2222 &&
    machine.reg(machine.RDX) == 0x3333 &&
    machine.reg(machine.RSI) == 0x4444
  );
}

/** The signature's leaf names the last one; steal time without a clock that a guest can compare it with is no use. */
export function leavesFit(): bool {
  machine.cpuid(CPUID_SIGNATURE, 0);
  return <i32>machine.reg(machine.RAX) == CPUID_FEATURES;
}

/** Ports beside those of the devices: nobody answers, nothing happens. */
export function otherPortsAreEmpty(): bool {
  for (let i = 0; i < DEVICES.length; i++) {
    machine.out_port(DEVICES[i], 1, 0xff);
    if (machine.in_port(DEVICES[i], 1) != 0xff) return false;
  }
  return true;
}
