/** Starting vCPUs: their initial state, in shared memory, and ways to bring one down and up again. */
import * as info from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import * as pvi from "../../sdk/as/pvi";
import * as test from "../../sdk/as/test";
import { prepare } from "./boot";
import { me } from "./case";
import { direct, FRAME_SHARED, frame } from "./memory";

const MSR_EFER: i32 = 0xc000_0080;
const IDT_LIMIT: i32 = 256 * 16 - 1;
const GDT_LIMIT: i32 = 0x3f;

/** Address of this vCPU's own block for an AP state. */
export function apState(): i64 {
  return direct(frame(FRAME_SHARED)) + 2560 + me() * 128;
}

/** Writes the state with which `vcpu` starts at table slot `entry`, as this vCPU runs: long mode, the same root. */
export function writeApState(vcpu: i32, entry: i32, argument: i64): i64 {
  const at = apState();
  for (let i: i64 = 0; i < info.AP_STATE_BYTES; i += 8) machine.store64(at + i, 0);
  machine.store64(at + info.AP_RIP, machine.code_addr(entry, 0));
  machine.store64(at + info.AP_RSP, test.param(test.TEST_PARAM_STACK_TOP | (vcpu << 8)));
  machine.store64(at + info.AP_ARGUMENT, argument);
  machine.store64(at + info.AP_CR0, machine.read_cr(0));
  machine.store64(at + info.AP_CR3, machine.read_cr(3));
  machine.store64(at + info.AP_CR4, machine.read_cr(4));
  machine.store64(at + info.AP_EFER, machine.rdmsr(MSR_EFER));
  machine.store64(at + info.AP_GDT_BASE, test.param(test.TEST_PARAM_VCPU_GDT_VA | (vcpu << 8)));
  machine.store64(at + info.AP_IDT_BASE, test.param(test.TEST_PARAM_VCPU_IDT_VA | (vcpu << 8)));
  machine.store32(at + info.AP_GDT_LIMIT, GDT_LIMIT);
  machine.store32(at + info.AP_IDT_LIMIT, IDT_LIMIT);
  return at;
}

/** Takes a vCPU that idles out of service and waits until it is. */
export function takeDown(vcpu: i32): void {
  pvi.smp_cpu_down(vcpu);
  waitDown(vcpu);
}

export function waitDown(vcpu: i32): void {
  while (pvi.smp_is_up(vcpu) !== 0) machine.pause();
}

/** Starts a vCPU that is down at table slot `entry`; the result of the first op that failed, or 0. */
export function startAt(vcpu: i32, entry: i32, argument: i64 = 0): i32 {
  const result = pvi.smp_set_initial_ap_state(vcpu, writeApState(vcpu, entry, argument));
  return result < 0 ? result : pvi.smp_cpu_up(vcpu);
}

/** A vCPU that only comes to rest. */
export function rest(_rsp: i64): void {
  prepare();
  pvi.irq_enable();
}
