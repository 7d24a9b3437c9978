// Expired host timers become calls of host.timer on the CPU of their vCPU, which leaves guest mode for it.
import { machine } from "../machine/machine";
import { config } from "./config";
import { cpuAt } from "./cpu";
import { hostTimerFunc } from "./link";
import { inGuest, takeOut } from "./lock";
import { HOST_TIMER, queuePush } from "./run";

/** Queues a call for every slot that has expired. */
export function timersServe(): void {
  serveSlots(-1, machine.timers_expired);
  machine.timers_expired = 0;
  for (let i: u32 = 0; i < config.vcpus; i++) {
    const v = cpuAt(i).vcpu;
    serveSlots(i, v.timers_expired);
    v.timers_expired = 0;
  }
}

function serveSlots(vcpu: i32, slots: u32): void {
  if (!slots || hostTimerFunc < 0) return;
  const c = cpuAt(vcpu < 0 ? 0 : vcpu);
  for (let slot: u32 = 0; slot < 32; slot++) {
    if (!((slots >> slot) & 1)) continue;
    if (inGuest(c)) {
      takeOut(c);
      c.reenter = 1;
    }
    queuePush(false, HOST_TIMER, c.index, vcpu, slot);
  }
}
