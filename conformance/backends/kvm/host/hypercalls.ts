// Hypercalls: number RAX, arguments RBX RCX RDX RSI, result RAX. What is not advertised answers −1000.
import * as host from "../../../sdk/as/host";
import {
  EINVAL,
  ENOSYS,
  EPERM,
  HC_CLOCK_PAIRING,
  HC_KICK_CPU,
  HC_SCHED_YIELD,
  HC_SEND_IPI,
  ICR_REFUSED,
  IPI_WINDOW,
  KVM_PV_SCHED_YIELD,
  KVM_PV_SEND_IPI,
  KVM_PV_UNHALT,
} from "../abi";
import { kickHalted } from "./halt";
import { clockPairing } from "./pairing";
import { offered, skip, vcpuOfApicId } from "./state";

const DELIVERY_MODE: i64 = 0x700;
const DELIVERY_NMI: i64 = 0x400;

export function exitHypercall(vcpu: i32): i32 {
  const nr = host.get(vcpu, host.FIELD_RAX);
  const result = host.get(vcpu, host.FIELD_CPL) ? EPERM : call(vcpu, nr);
  host.set(vcpu, host.FIELD_RAX, result);
  const action = skip(vcpu);
  return nr == HC_SCHED_YIELD && result == 0 && isReady(host.get(vcpu, host.FIELD_RBX)) ? host.ACTION_YIELD : action;
}

/** Only a vCPU that waits for a processor gains from being yielded to. */
function isReady(apic_id: i64): bool {
  const target = vcpuOfApicId(apic_id);
  return target >= 0 && host.get(target, host.FIELD_RUNSTATE) == host.RUNSTATE_READY;
}

function call(vcpu: i32, nr: i64): i64 {
  if (nr == HC_KICK_CPU && offered & KVM_PV_UNHALT) return kick(host.get(vcpu, host.FIELD_RCX));
  if (nr == HC_SEND_IPI && offered & KVM_PV_SEND_IPI) return sendIpi(vcpu);
  if (nr == HC_CLOCK_PAIRING) return clockPairing(vcpu, host.get(vcpu, host.FIELD_RBX), host.get(vcpu, host.FIELD_RCX));
  // Always 0, whoever is named.
  if (nr == HC_SCHED_YIELD && offered & KVM_PV_SCHED_YIELD) return 0;
  return ENOSYS;
}

/** Always 0, even for an id that nobody has. */
function kick(apic_id: i64): i64 {
  const target = vcpuOfApicId(apic_id);
  if (target >= 0) kickHalted(target);
  return 0;
}

/** Bit i of the 128-bit bitmap RBX:RCX names APIC id RDX + i; ids that nobody has are skipped. Returns how many were reached. */
function sendIpi(vcpu: i32): i64 {
  const low = host.get(vcpu, host.FIELD_RBX);
  const high = host.get(vcpu, host.FIELD_RCX);
  const first = host.get(vcpu, host.FIELD_RDX) & 0xffff_ffff;
  const icr = host.get(vcpu, host.FIELD_RSI);
  if (icr & ICR_REFUSED) return EINVAL;
  let count: i64 = 0;
  for (let i = 0; i < IPI_WINDOW; i++) {
    if (!(((i < 64 ? low : high) >> <i64>(i & 63)) & 1)) continue;
    const target = vcpuOfApicId(first + i);
    if (target >= 0 && deliver(target, icr)) count++;
  }
  return count;
}

function deliver(target: i32, icr: i64): bool {
  const state = host.get(target, host.FIELD_RUNSTATE);
  if (state == host.RUNSTATE_OFF || state == host.RUNSTATE_WAIT_SIPI) return false;
  if ((icr & DELIVERY_MODE) == DELIVERY_NMI) return host.nmi(target) == 0;
  return host.irq(target, <i32>(icr & 0xff)) == 0;
}
