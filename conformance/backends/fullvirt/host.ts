// Host half of full virtualisation by trap and emulation: an unmodified kernel on shadow page tables, as before nested paging.
import * as host from "../../sdk/as/host";
import { PVI_VERSION } from "../../sdk/as/pvi";
import { timerExpired, timerInit } from "../lib/apic-timer";
import { apicInit } from "./host/apic";
import { halt, injectPending, reflect, tell, VECTOR_PF } from "./host/events";
import { framesInit } from "./host/frames";
import { exitInstruction, noHypervisor } from "./host/instructions";
import { exitIo } from "./host/io";
import { exitMsr } from "./host/msr";
import { syscall } from "./host/segments";
import { exitPageFault } from "./host/shadow/fault";
import { runsOn } from "./host/shadow/flush";
import { loadRoot } from "./host/shadow/roots";
import { tablesInit } from "./host/shadow/tables";
import { resetControl, turnedOff } from "./host/startup";
import { crash, isHalted, STARTUP_NONE, startup, stateInit, vcpus } from "./host/state";

const BY_SYSCALL: i64 = 2;
const SCHED_IN: i32 = 1;
const TSC_SCALE_ONE: i64 = 1 << 32;
const ERROR_NO_FRAMES: i32 = -6;

export function abi(): i64 {
  return ((<i64>PVI_VERSION) << 32) | PVI_VERSION;
}

export function boot(): i32 {
  stateInit(<i32>host.param(host.PARAM_VCPUS));
  framesInit();
  apicInit();
  timerInit();
  if (!tablesInit()) return ERROR_NO_FRAMES;
  for (let vcpu = 0; vcpu < vcpus; vcpu++) resetControl(vcpu);
  runsOn(0);
  loadRoot(0);
  return 0;
}

/** One exit of `vcpu`; returns what becomes of it. */
export function exit(vcpu: i32, reason: i32): i32 {
  runsOn(vcpu);
  // Turned off by INIT while this exit waited for its turn.
  if (startup(vcpu) != STARTUP_NONE) return host.ACTION_OFF;
  const action = served(vcpu, reason);
  if (startup(vcpu) == STARTUP_NONE) return action;
  turnedOff(vcpu);
  return host.ACTION_OFF;
}

function served(vcpu: i32, reason: i32): i32 {
  switch (reason) {
    case host.EXIT_EXC: return exitException(vcpu);
    case host.EXIT_INSN: return exitInstruction(vcpu);
    case host.EXIT_MSR: return exitMsr(vcpu);
    case host.EXIT_IO: return exitIo(vcpu);
    case host.EXIT_HYPERCALL: return host.get(vcpu, host.FIELD_EXIT_INSN) == BY_SYSCALL ? syscall(vcpu) : noHypervisor(vcpu);
    case host.EXIT_KICK: return isHalted(vcpu) ? halt(vcpu) : host.ACTION_ENTER;
    case host.EXIT_INTR_WINDOW:
    case host.EXIT_NMI_WINDOW: return host.ACTION_ENTER;
    case host.EXIT_TRIPLE_FAULT: return crash("triple fault");
    default: return crash("exit that this host does not know");
  }
}

function exitException(vcpu: i32): i32 {
  const vector = <i32>host.get(vcpu, host.FIELD_EXIT_INSN);
  return vector == VECTOR_PF ? exitPageFault(vcpu) : reflect(vcpu, vector);
}

/** Last thing before guest mode. */
export function enter(vcpu: i32): void {
  runsOn(vcpu);
  injectPending(vcpu);
}

/** Whatever machine the guest goes on on: its TSC is that of the machine where it began, which the bare one's reading gives. */
export function sched(vcpu: i32, what: i32): void {
  if (what != SCHED_IN) return;
  host.set(vcpu, host.FIELD_TSC_SCALE, TSC_SCALE_ONE);
  host.set(vcpu, host.FIELD_TSC_OFFSET, 0);
}

export function timer(vcpu: i32, slot: i32): void {
  runsOn(vcpu);
  const vector = timerExpired(vcpu);
  if (vector < 0) return;
  host.irq(vcpu, vector);
  tell(vcpu);
}
