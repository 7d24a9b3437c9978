// The machine as a whole: creation, and what belongs to no single vCPU.
import { hotAlloc } from "../memory/arena";
import { apicId, config, configReset, Kind } from "./config";
import { framesCreate } from "./frames";
import { resetVcpu } from "./reset";
import { TIMER_BYTES, TIMER_SLOTS, vcpuAt, vcpusCreate } from "./vcpu";

@unmanaged
export class MachineState {
  /** Real time since power-on, ns. */
  now: u64;
  /** Bytes written to port 0xE9 so far, and the last one. */
  trace_count: u32;
  trace_byte: u32;
  /** Bit per expired timer slot that no vCPU owns. */
  timers_expired: u32;
  /** Register of the real-time clock that port 0x71 stands for. */
  rtc_index: u32;
  /** s by which the real-time clock has been set forward since power-on. */
  utc_set_s: i64;
}

/** Hot state of the present machine. */
export let machine: MachineState = changetype<MachineState>(0);

/** Timer slots of the host that no vCPU owns. */
export function hostTimers(): usize {
  return changetype<usize>(machine) + ((offsetof<MachineState>() + 7) & ~7);
}

/** First step, after arenaReset: a default configuration to fill. False when memory is used up. */
export function machineReset(): bool {
  return configReset();
}

/** Second step: frames and vCPUs as configured, all vCPUs OFF, time 0. False when memory is used up. */
export function machineCreate(): bool {
  const state = hotAlloc(((offsetof<MachineState>() + 7) & ~7) + TIMER_SLOTS * TIMER_BYTES);
  if (!state) return false;
  machine = changetype<MachineState>(state);
  if (!framesCreate() || !vcpusCreate()) return false;
  for (let i: u32 = 0; i < config.vcpus; i++) {
    const v = vcpuAt(i);
    v.apic_id = apicId(i);
    resetVcpu(v);
  }
  return true;
}

/** Whether the machine's own APIC delivers through the IDT (N, E); in S, D and F the host half does. */
export function deliversInterrupts(): bool {
  return config.kind <= <u32>Kind.ENLIGHTENED;
}
