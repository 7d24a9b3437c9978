// KVM's host half, hostile: an interrupt sent by hypercall reaches its target when that next leaves guest mode, for which it
// is kicked; until then equal ones become one, and none counts as delivered.

import { HC_SEND_IPI, ICR_REFUSED, IPI_WINDOW, KVM_PV_SEND_IPI } from "../../backends/kvm/abi";
import * as reference from "../../backends/kvm/host";
import { offered, skip, VCPUS_MAX, vcpuOfApicId } from "../../backends/kvm/host/state";
import * as host from "../../sdk/as/host";

export { abi, boot, sched, timer } from "../../backends/kvm/host";

const VECTOR_AND_MODE: i64 = 0x7ff;
const VECTORS: usize = 256;
/** u8[256] per vCPU: this vector is due. */
const due: usize = memory.data(2048);

export function exit(vcpu: i32, reason: i32): i32 {
  const nr = reason == host.EXIT_HYPERCALL && !host.get(vcpu, host.FIELD_CPL) ? host.get(vcpu, host.FIELD_RAX) : 0;
  const icr = host.get(vcpu, host.FIELD_RSI);
  // What is refused, and NMIs, are the reference's.
  if (nr != HC_SEND_IPI || !(offered & KVM_PV_SEND_IPI) || icr & ICR_REFUSED || (icr & VECTOR_AND_MODE) > 0xff)
    return reference.exit(vcpu, reason);
  const first = host.get(vcpu, host.FIELD_RDX) & 0xffff_ffff;
  for (let i = 0; i < IPI_WINDOW; i++) {
    const word = host.get(vcpu, i < 64 ? host.FIELD_RBX : host.FIELD_RCX);
    if ((word >> <i64>(i & 63)) & 1) defer(vcpuOfApicId(first + i), <i32>icr & 0xff);
  }
  host.set(vcpu, host.FIELD_RAX, 0);
  return skip(vcpu);
}

function defer(target: i32, vector: i32): void {
  if (target < 0) return;
  const state = host.get(target, host.FIELD_RUNSTATE);
  if (state == host.RUNSTATE_OFF || state == host.RUNSTATE_WAIT_SIPI) return;
  store<u8>(due + <usize>target * VECTORS + vector, 1);
  host.kick(target);
}

export function enter(vcpu: i32): void {
  reference.enter(vcpu);
  const row = due + <usize>vcpu * VECTORS;
  for (let vector = 16; vector < <i32>VECTORS; vector++) {
    if (!load<u8>(row + vector)) continue;
    store<u8>(row + vector, 0);
    host.irq(vcpu, vector);
  }
}
