// Host half that models KVM's published paravirt ABI: exits of an enlightened guest.
import * as host from "../../sdk/as/host";
import { PVI_VERSION } from "../../sdk/as/pvi";
import { timerExpired, timerInit } from "../lib/apic-timer";
import { clockInit, clockRefresh } from "./host/clock";
import { eoiEntered, eoiTaken } from "./host/eoi";
import { exitCpuid, featuresAllowed } from "./host/cpuid";
import { exitHlt, haltEntered } from "./host/halt";
import { exitHypercall } from "./host/hypercalls";
import { exitIo } from "./host/io";
import { exitMsr } from "./host/msr";
import { permissionsInit } from "./host/permissions";
import { platformInit, platformTimer } from "./host/platform";
import { exitStartup, startupInit } from "./host/startup";
import { crash, injectUd, skip, stateInit } from "./host/state";
import { stealEntered, stealPreempted } from "./host/steal";

const SCHED_OUT: i32 = 0;
const SCHED_IN: i32 = 1;

export function abi(): i64 {
  return ((<i64>PVI_VERSION) << 32) | PVI_VERSION;
}

export function boot(): i32 {
  const vcpus = <i32>host.param(host.PARAM_VCPUS);
  stateInit(vcpus, featuresAllowed(host.param(host.PARAM_FEATURE_MASK)));
  clockInit();
  platformInit(host.param(host.PARAM_FEATURE_MASK));
  timerInit();
  startupInit();
  return permissionsInit();
}

/** One exit of `vcpu`; returns what becomes of it. */
export function exit(vcpu: i32, reason: i32): i32 {
  eoiTaken(vcpu);
  switch (reason) {
    case host.EXIT_HYPERCALL:
      return exitHypercall(vcpu);
    case host.EXIT_INSN:
      return exitInstruction(vcpu);
    case host.EXIT_MSR:
      return exitMsr(vcpu);
    case host.EXIT_IO:
      return exitIo(vcpu);
    case host.EXIT_SIPI:
      return exitStartup(vcpu);
    case host.EXIT_KICK:
      return host.ACTION_ENTER;
    case host.EXIT_SLAT:
      return outside(vcpu);
    case host.EXIT_TRIPLE_FAULT:
      return crash("triple fault");
    default:
      return crash("exit that this host does not know");
  }
}

/** Last thing before guest mode. */
export function enter(vcpu: i32): void {
  stealEntered(vcpu);
  host.set(vcpu, host.FIELD_CTL_EXIT, haltEntered(vcpu) | eoiEntered(vcpu));
}

export function sched(vcpu: i32, what: i32): void {
  if (what == SCHED_OUT) stealPreempted(vcpu);
  else if (what == SCHED_IN) clockRefresh(vcpu);
}

/** A host timer expired: a vCPU's own is its APIC's. */
export function timer(vcpu: i32, slot: i32): void {
  if (vcpu < 0) return platformTimer(vcpu, slot);
  const vector = timerExpired(vcpu);
  if (vector >= 0) host.irq(vcpu, vector);
}

function exitInstruction(vcpu: i32): i32 {
  const insn = <i32>host.get(vcpu, host.FIELD_EXIT_INSN);
  if (insn == host.INSN_HLT) return exitHlt(vcpu);
  return insn == host.INSN_CPUID ? exitCpuid(vcpu) : injectUd(vcpu);
}

/** Memory that the guest does not have: reads give all ones, writes are lost. A page table there is the guest's end. */
function outside(vcpu: i32): i32 {
  if (host.get(vcpu, host.FIELD_EXIT_FLAGS) & 1) return crash("page table outside the guest's memory");
  host.set(vcpu, host.FIELD_RAX, -1);
  return skip(vcpu);
}
