// Shared areas, from the second shared page on, 128 bytes per vCPU so that none crosses a page:
//   @0 pvclock (32)   @32 wall clock (12)   @48 PV EOI (4)   @64 steal time (64)
// from @2048 of that page on samples of the clock pairing, 64 bytes per vCPU,
// and in the first percpu page masks that ops build: 16 of u64[4].
import { DIRECT_MAP, FEATURE_CLOCK, FEATURE_EOI, FEATURE_STEAL } from "../../../sdk/as/info";
import * as machine from "../../../sdk/as/machine";
import { self, sharedVa } from "../../lib/info";
import { MSR_ENABLE, MSR_PV_EOI, MSR_STEAL_TIME, MSR_SYSTEM_TIME, PAIRING_BYTES, STEAL_PREEMPTED } from "../abi";
import { has, hostHas } from "./features";

const PAGE: i64 = 4096;
const AREA: i64 = 128;
const WALLCLOCK_OFFSET: i64 = 32;
const EOI_OFFSET: i64 = 48;
const STEAL_OFFSET: i64 = 64;
const PAIRING_OFFSET: i64 = 2048;

/** va of the pvclock area of a vCPU. */
export function clockArea(vcpu: i32): i64 {
  return sharedVa + PAGE + AREA * vcpu;
}

/** va of a vCPU's wall clock. The host fills it when it is told, once. */
export function wallclockArea(vcpu: i32): i64 {
  return clockArea(vcpu) + WALLCLOCK_OFFSET;
}

/** va of a vCPU's PV EOI area. */
export function eoiArea(vcpu: i32): i64 {
  return clockArea(vcpu) + EOI_OFFSET;
}

/** va of the steal area of a vCPU. */
export function stealArea(vcpu: i32): i64 {
  return clockArea(vcpu) + STEAL_OFFSET;
}

/** va of the u64 of the largest time that any vCPU has read: used when the clock is not stable. */
export function clockMaximum(): i64 {
  return sharedVa + PAGE + AREA * 8;
}

/** va of the 64 bytes that the host fills at a vCPU's KVM_HC_CLOCK_PAIRING. */
export function pairingArea(vcpu: i32): i64 {
  return sharedVa + PAGE + PAIRING_OFFSET + PAIRING_BYTES * vcpu;
}

/** A vCPU that is down is not preempted, whatever was published last. */
export function forgetPreempted(vcpu: i32): void {
  machine.store8(stealArea(vcpu) + STEAL_PREEMPTED, 0);
}

/** Tells the host where this vCPU's areas are. The shared pages lie in the direct map, so their guest-physical address is known. */
export function areasRegister(): void {
  if (has(FEATURE_CLOCK)) machine.wrmsr(MSR_SYSTEM_TIME, (clockArea(self) - DIRECT_MAP) | MSR_ENABLE);
  if (has(FEATURE_STEAL)) machine.wrmsr(MSR_STEAL_TIME, (stealArea(self) - DIRECT_MAP) | MSR_ENABLE);
  if (!has(FEATURE_EOI)) return;
  // A bit that is left from before would end a service that is none.
  machine.store32(eoiArea(self), 0);
  machine.wrmsr(MSR_PV_EOI, (eoiArea(self) - DIRECT_MAP) | MSR_ENABLE);
}

/** Takes this vCPU's areas back. What the user vetoed after the start is registered still. */
export function areasRevoke(): void {
  if (hostHas(FEATURE_CLOCK)) machine.wrmsr(MSR_SYSTEM_TIME, 0);
  if (hostHas(FEATURE_STEAL)) machine.wrmsr(MSR_STEAL_TIME, 0);
  if (hostHas(FEATURE_EOI)) machine.wrmsr(MSR_PV_EOI, 0);
}
