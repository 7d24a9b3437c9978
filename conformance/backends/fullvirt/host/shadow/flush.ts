// What processors remember of the shadow.
import * as host from "../../../../sdk/as/host";
import { vcpus } from "../state";

/** vCPU on whose processor this call of the host half runs. */
let current: i32 = 0;

export function runsOn(vcpu: i32): void {
  current = vcpu;
}

/** Drops all translations of one vCPU, which must be out of guest mode or the present one. */
export function flushAll(vcpu: i32): void {
  host.tlb(vcpu, host.TLB_ALL, 0, 0);
}

/** Holds everybody else out of guest mode until this call ends. */
export function stopOthers(): void {
  for (let vcpu = 0; vcpu < vcpus; vcpu++) if (vcpu != current) host.stop(vcpu);
}

/** Drops all translations of all vCPUs; none of them uses an old one after that. */
export function flushEverybody(): void {
  stopOthers();
  for (let vcpu = 0; vcpu < vcpus; vcpu++) flushAll(vcpu);
}
