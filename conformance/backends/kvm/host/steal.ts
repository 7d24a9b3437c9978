// Steal time area: stolen ns under a version, and the preempted byte by which vCPUs spare flush interrupts.
import * as host from "../../../sdk/as/host";
import { LOCK, RMW_XCHG, SIZE_8 } from "../../../sdk/as/machine";
import { FLUSH_TLB, KVM_PV_TLB_FLUSH, MSR_ENABLE, PREEMPTED, STEAL_BYTES, STEAL_PREEMPTED, STEAL_VERSION } from "../abi";
import { areaOf, offered, setStealDue, setStealPublished, stealDue, stealMsr, stealPublished } from "./state";

const XCHG_8: i32 = RMW_XCHG | SIZE_8 | LOCK;

/** Machine address of the vCPU's steal area, −1 when none is registered. */
function area(vcpu: i32): i64 {
  const msr = stealMsr(vcpu);
  return msr & MSR_ENABLE ? areaOf(msr & ~(<i64>0x3f), STEAL_BYTES) : -1;
}

/**
 * The vCPU was descheduled at an instruction boundary; elsewhere its caches may still be used when it goes on, so the
 * byte must stay (CVE-2022-39189). Set once: setting it again would erase FLUSH_TLB (CVE-2019-3016).
 */
export function stealPreempted(vcpu: i32): void {
  setStealDue(vcpu, true);
  const at = area(vcpu);
  if (at < 0 || host.load8(at + STEAL_PREEMPTED) & PREEMPTED) return;
  host.store8(at + STEAL_PREEMPTED, PREEMPTED);
  // The switch to another task is a full barrier.
  host.mfence();
}

/** Last thing before guest mode: take the byte and obey it, then publish what was stolen. */
export function stealEntered(vcpu: i32): void {
  const ready_ns = host.get(vcpu, host.FIELD_TIME_READY);
  if (!stealDue(vcpu) && ready_ns == stealPublished(vcpu)) return;
  setStealDue(vcpu, false);
  const at = area(vcpu);
  if (at < 0) return;
  const preempted = <i32>host.rmw(XCHG_8, at + STEAL_PREEMPTED, 0);
  // Without the feature the byte is taken and nothing more, as by KVM (record_steal_time).
  if (preempted & FLUSH_TLB && offered & KVM_PV_TLB_FLUSH) host.tlb(vcpu, host.TLB_ALL, 0, 0);
  const grown = ready_ns - stealPublished(vcpu);
  if (grown > 0) publish(vcpu, at, grown);
}

function publish(vcpu: i32, at: i64, grown_ns: i64): void {
  setStealPublished(vcpu, stealPublished(vcpu) + grown_ns);
  const version = (host.load32(at + STEAL_VERSION) + 1) | 1;
  host.store32(at + STEAL_VERSION, version);
  host.store64(at, host.load64(at) + grown_ns);
  host.store32(at + STEAL_VERSION, version + 1);
}
