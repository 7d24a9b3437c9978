// KVM's host half, hostile: what the guest ended by the PV EOI bit is ended late, when another interrupt waits for it. Until then the
// bit is as the guest left it, and the vector stays in service.
import * as reference from "../../backends/kvm/host";
import { haltEntered } from "../../backends/kvm/host/halt";
import { eoiPublished, setEoiPublished } from "../../backends/kvm/host/state";
import { stealEntered } from "../../backends/kvm/host/steal";
import * as host from "../../sdk/as/host";

export { abi, boot, sched, timer } from "../../backends/kvm/host";

const IRR_WORDS: i32 = 4;

export function exit(vcpu: i32, reason: i32): i32 {
  // An MSR may be the area's own, and a start leaves nothing of the life before.
  const late = isLate(vcpu) && reason != host.EXIT_MSR && reason != host.EXIT_SIPI;
  if (!late) return reference.exit(vcpu, reason);
  setEoiPublished(vcpu, false);
  const action = reference.exit(vcpu, reason);
  setEoiPublished(vcpu, true);
  return action;
}

export function enter(vcpu: i32): void {
  if (!isLate(vcpu)) return reference.enter(vcpu);
  stealEntered(vcpu);
  host.set(vcpu, host.FIELD_CTL_EXIT, haltEntered(vcpu) | host.CTL_ARRX);
}

/** Whether the bit was given to the guest and nobody waits for what became of it. */
function isLate(vcpu: i32): bool {
  if (!eoiPublished(vcpu)) return false;
  for (let i = 0; i < IRR_WORDS; i++) if (host.get(vcpu, host.FIELD_IRR + i)) return false;
  return true;
}
