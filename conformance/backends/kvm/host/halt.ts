// HLT and kicks (PV_UNHALT). The exit decides under the lock whether a kick is waiting. If none is, HLT runs in guest mode,
// where any interrupt ends it; a kick makes such a vCPU exit, and one that has not executed its HLT yet will find the mark.
import * as host from "../../../sdk/as/host";
import { hltAllowed, setHltAllowed, setUnhalted, skip, unhalted } from "./state";

export function exitHlt(vcpu: i32): i32 {
  if (unhalted(vcpu)) {
    setUnhalted(vcpu, false);
    return skip(vcpu);
  }
  setHltAllowed(vcpu, true);
  return host.ACTION_ENTER;
}

/** Before each entry: HLT exits unless it was just allowed and nobody has kicked since. Returns the control. */
export function haltEntered(vcpu: i32): i64 {
  const intercept = !hltAllowed(vcpu) || unhalted(vcpu);
  setHltAllowed(vcpu, false);
  return intercept ? host.CTL_HLTX : 0;
}

/** Ends the present or the next halt of the target. */
export function kickHalted(target: i32): void {
  setUnhalted(target, true);
  host.kick(target);
}
