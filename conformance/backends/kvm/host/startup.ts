// Start of application processors. The page that the SIPI vector names holds {u64 rip, u64 cr3, u64 rsp}.
import * as host from "../../../sdk/as/host";
import { timerReset } from "../../lib/apic-timer";
import { areaOf, stateReset } from "./state";

const STARTUP_BYTES: i32 = 24;
const RFLAGS_RESET: i64 = 2;

let cr0: i64 = 0;
let cr4: i64 = 0;
let efer: i64 = 0;

/** Long mode as the boot vCPU has it: real-mode steps are not modelled. */
export function startupInit(): void {
  cr0 = host.get(0, host.FIELD_CR0);
  cr4 = host.get(0, host.FIELD_CR4);
  efer = host.get(0, host.FIELD_EFER);
}

export function exitStartup(vcpu: i32): i32 {
  stateReset(vcpu);
  timerReset(vcpu);
  const at = areaOf((host.get(vcpu, host.FIELD_EXIT_A) & 0xff) << 12, STARTUP_BYTES);
  if (at < 0) return host.ACTION_OFF;
  host.set(vcpu, host.FIELD_CR0, cr0);
  host.set(vcpu, host.FIELD_CR4, cr4);
  host.set(vcpu, host.FIELD_EFER, efer);
  host.set(vcpu, host.FIELD_CR3, host.load64(at + 8));
  host.set(vcpu, host.FIELD_RSP, host.load64(at + 16));
  host.set(vcpu, host.FIELD_RFLAGS, RFLAGS_RESET);
  host.set(vcpu, host.FIELD_RIP, host.load64(at));
  host.tlb(vcpu, host.TLB_ALL, 0, 0);
  return host.ACTION_ENTER;
}
