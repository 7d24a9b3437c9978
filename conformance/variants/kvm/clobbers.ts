// KVM's host half, hostile: it writes junk into everything that the ABI leaves to it. Reserved outputs of its CPUID leaf,
// unknown feature bits, padding of both areas.

import { CPUID_FEATURES, CPUID_SIGNATURE, MSR_ENABLE, PVCLOCK_BYTES, STEAL_BYTES } from "../../backends/kvm/abi";
import * as reference from "../../backends/kvm/host";
import { areaOf, stealMsr, systemTimeMsr } from "../../backends/kvm/host/state";
import * as host from "../../sdk/as/host";

export { abi, boot, enter, sched, timer } from "../../backends/kvm/host";

/** Bits of leaf 0x40000001 EAX that no feature has: 18 to 23 and 25 to 31. */
const FEATURES_UNKNOWN: i64 = 0xfefc0000;
const LEAF_MAX: i64 = 0x40000010;
const JUNK: i64 = 0xaaaaaaaa;
const STEAL_ALIGNED: i64 = ~0x3f;

export function exit(vcpu: i32, reason: i32): i32 {
  const leaf = <i32>host.get(vcpu, host.FIELD_EXIT_A);
  const cpuid = reason == host.EXIT_INSN && host.get(vcpu, host.FIELD_EXIT_INSN) == host.INSN_CPUID;
  const action = reference.exit(vcpu, reason);
  if (cpuid && leaf == CPUID_SIGNATURE) host.set(vcpu, host.FIELD_RAX, LEAF_MAX);
  if (cpuid && leaf == CPUID_FEATURES) {
    host.set(vcpu, host.FIELD_RAX, host.get(vcpu, host.FIELD_RAX) | FEATURES_UNKNOWN);
    host.set(vcpu, host.FIELD_RBX, JUNK);
    host.set(vcpu, host.FIELD_RCX, JUNK);
  }
  if (reason == host.EXIT_MSR) scribble(vcpu);
  return action;
}

/** pvclock @4 u32, @30 u16; steal time @17 u8[3], @20 u8[44]. */
function scribble(vcpu: i32): void {
  const time = systemTimeMsr(vcpu);
  const clock = time & MSR_ENABLE ? areaOf(time & ~MSR_ENABLE, PVCLOCK_BYTES) : -1;
  if (clock >= 0) {
    host.store32(clock + 4, <i32>JUNK);
    host.store16(clock + 30, 0xaaaa);
  }
  const msr = stealMsr(vcpu);
  const steal = msr & MSR_ENABLE ? areaOf(msr & STEAL_ALIGNED, STEAL_BYTES) : -1;
  if (steal < 0) return;
  for (let at: i64 = 17; at < 20; at++) host.store8(steal + at, 0xaa);
  for (let at: i64 = 20; at < STEAL_BYTES; at += 4) host.store32(steal + at, <i32>JUNK);
}
