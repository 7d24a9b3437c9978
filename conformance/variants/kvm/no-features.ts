// KVM's host half, hostile: it shows its signature and offers nothing.

import * as reference from "../../backends/kvm/host";
import { stateInit } from "../../backends/kvm/host/state";
import * as host from "../../sdk/as/host";

export { abi, enter, exit, sched, timer } from "../../backends/kvm/host";

export function boot(): i32 {
  const result = reference.boot();
  stateInit(<i32>host.param(host.PARAM_VCPUS), 0);
  return result;
}
