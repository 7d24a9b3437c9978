// Expired host timers become calls of host.timer on the CPU of their vCPU, which leaves guest mode for it.
import { machine } from "../machine/machine";
import { config } from "./config";
import { contextAt, Cpu, cpuAt } from "./cpu";
import { hostTimerFunc } from "./link";
import { inGuest, takeOutBetween } from "./lock";
import { HOST_TIMER, queueHas, queuePush, run } from "./run";

/** Queues a call for every slot that has expired. */
export function timersServe(): void {
  if (mayBeTakenOut(cpuAt(0))) {
    serveSlots(-1, machine.timers_expired);
    machine.timers_expired = 0;
  } else if (machine.timers_expired) run.timersHeld |= 1;
  for (let i: u32 = 0; i < config.vcpus; i++) {
    const v = cpuAt(i).vcpu;
    if (!mayBeTakenOut(cpuAt(i))) {
      if (v.timers_expired) run.timersHeld |= 1 << i;
      continue;
    }
    serveSlots(i, v.timers_expired);
    v.timers_expired = 0;
  }
}

/** Whether an expiry waits for a vCPU that was between two steps of an instruction, or returning from a handler. */
export function timersWait(): bool {
  if (machine.timers_expired && mayBeTakenOut(cpuAt(0))) return true;
  for (let i: u32 = 0; i < config.vcpus; i++) {
    if (cpuAt(i).vcpu.timers_expired && mayBeTakenOut(cpuAt(i))) return true;
  }
  return false;
}

/** Only at an instruction boundary does a vCPU leave guest mode for a timer or a migration. */
export function mayBeTakenOut(c: Cpu): bool {
  return !inGuest(c) || (!c.middle && !contextAt(c, c.depth).armed);
}

function serveSlots(vcpu: i32, slots: u32): void {
  if (!slots || hostTimerFunc < 0) return;
  const c = cpuAt(vcpu < 0 ? 0 : vcpu);
  for (let slot: u32 = 0; slot < 32; slot++) {
    // One expiry of a slot waits at most.
    if (!((slots >> slot) & 1) || queueHas(HOST_TIMER, vcpu, slot)) continue;
    if (inGuest(c)) {
      takeOutBetween(c);
      c.reenter = 1;
    }
    queuePush(false, HOST_TIMER, c.index, vcpu, slot);
  }
}
