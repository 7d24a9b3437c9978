// Private copy of the info page, taken once per vCPU by half_init. Every vCPU has its own instance, hence its own copy.
import {
  INFO_APIC_ID,
  INFO_BACKEND_VECTORS,
  INFO_FEATURE_MASK,
  INFO_IDT_VA,
  INFO_NMI_DEPTH,
  INFO_NR_VCPUS,
  INFO_PERCPU_VA,
  INFO_SHARED_VA,
  INFO_TRAMPOLINE,
  INFO_VCPU,
} from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";

export const VCPUS_MAX: i32 = 8;
/** u32[VCPUS_MAX] */
const apicIds: usize = memory.data(32);

export let infoVa: i64 = 0;
/** Guest-physical address of the page that a SIPI names. */
export let trampoline: i64 = 0;
export let self: i32 = 0;
export let vcpus: i32 = 1;
export let sharedVa: i64 = 0;
export let percpuVa: i64 = 0;
export let idtVa: i64 = 0;
/** First of the IDT vectors that belong to the guest half. */
export let firstVector: i32 = 0;

export function readInfo(va: i64): void {
  infoVa = va;
  self = machine.load32(va + INFO_VCPU);
  vcpus = min(machine.load32(va + INFO_NR_VCPUS), VCPUS_MAX);
  sharedVa = machine.load64(va + INFO_SHARED_VA);
  percpuVa = machine.load64(va + INFO_PERCPU_VA);
  idtVa = machine.load64(va + INFO_IDT_VA);
  trampoline = machine.load64(va + INFO_TRAMPOLINE);
  firstVector = machine.load32(va + INFO_BACKEND_VECTORS) >> 16;
  for (let i = 0; i < vcpus; i++) store<i32>(apicIds + ((<usize>i) << 2), machine.load32(va + INFO_APIC_ID + (i << 2)));
}

/** The user's veto as it is now: a cleared bit forbids the feature. */
export function featureMask(): i64 {
  return machine.load64(infoVa + INFO_FEATURE_MASK);
}

export function apicIdOf(vcpu: i32): i32 {
  return load<i32>(apicIds + ((<usize>vcpu) << 2));
}

/** Members of the u64[4] mask at `mask_va` that exist: no index is beyond 63. */
export function maskOf(mask_va: i64): u64 {
  return <u64>machine.load64(mask_va) & (((<u64>1) << vcpus) - 1);
}

/** The kernel handles an NMI on this vCPU. */
export function inNmi(): bool {
  return machine.load32(infoVa + INFO_NMI_DEPTH) != 0;
}
