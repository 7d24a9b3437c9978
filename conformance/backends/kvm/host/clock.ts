// pvclock: writes the time areas. All vCPUs get the same pair of counter and time, so readings agree across vCPUs (TSC_STABLE).
import * as host from "../../../sdk/as/host";
import { scaleMul, scaleShift } from "../../lib/scale";
import {
  KVM_CLOCKSOURCE_STABLE,
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
import { areaOf, offered, systemTimeMsr, vcpus } from "./state";

const NS_PER_S: u64 = 1_000_000_000;

let hz: u64 = 1;
let mul: u32 = 0;
let shift: i32 = 0;
let base_tsc: u64 = 0;
let base_ns: u64 = 0;

export function clockInit(): void {
  hz = <u64>host.tsc_hz();
  shift = scaleShift(hz);
  mul = scaleMul(hz);
  sample(0);
}

/** Takes one reading of the counter and the time that belongs to exactly this reading. */
function sample(vcpu: i32): void {
  base_tsc = <u64>host.get(vcpu, host.FIELD_TSC);
  base_ns = (base_tsc / hz) * NS_PER_S + ((base_tsc % hz) * NS_PER_S) / hz;
}

/**
 * A new pair for everybody, since `vcpu` runs again. The truncated multiplier is up to 1 ns per second slow: after more
 * than a second an old and a new pair could disagree visibly, so the others are held out of guest mode meanwhile.
 */
export function clockRefresh(vcpu: i32): void {
  const before = base_tsc;
  sample(vcpu);
  if (base_tsc - before > hz) for (let i = 0; i < vcpus; i++) if (i != vcpu) host.stop(i);
  for (let i = 0; i < vcpus; i++) clockPublish(i);
}

/** Writes the area of one vCPU: version odd, body, version even. Stores leave a CPU in order, so no fence is needed. */
export function clockPublish(vcpu: i32): void {
  const msr = systemTimeMsr(vcpu);
  if (!(msr & MSR_ENABLE)) return;
  const at = areaOf(msr & ~MSR_ENABLE, PVCLOCK_BYTES);
  if (at < 0) return;
  const version = (host.load32(at) + 1) | 1;
  const stopped = host.load8(at + PVCLOCK_FLAGS) & PVCLOCK_GUEST_STOPPED;
  host.store32(at, version);
  host.store64(at + PVCLOCK_TSC, base_tsc);
  host.store64(at + PVCLOCK_SYSTEM, base_ns);
  host.store32(at + PVCLOCK_MUL, mul);
  host.store8(at + PVCLOCK_SHIFT, shift);
  host.store8(at + PVCLOCK_FLAGS, stopped | (offered & KVM_CLOCKSOURCE_STABLE ? PVCLOCK_TSC_STABLE : 0));
  host.store32(at, version + 1);
}
