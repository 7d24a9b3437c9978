// Deliveries on their way: an interrupt, NMI or kick lands at the first boundary where it is due, or is held back within a bound;
// a stolen vCPU comes back at once, or is kept off its CPU while others can run.
import { mayBeHeld } from "../machine/interrupts";
import { config } from "./config";
import { Cpu, cpuAt } from "./cpu";

/** Windows that an interrupt or NMI may stay on its way, and steps that a kick may. */
const WINDOWS_MAX: u32 = 32;
const KICK_STEPS_MAX: u32 = 16;
/** Pauses of others that a steal may outlast. */
const KEPT_PAUSES_MAX: u32 = 16;

/** The interrupt or NMI that is due does not land before the bound, or before it is chosen to. */
export function holdInterrupt(c: Cpu): void {
  c.hold = WINDOWS_MAX + 1;
}

/** An interrupt or NMI is held back. */
@inline
export function isHeld(c: Cpu): bool {
  return c.hold > 1;
}

/** What is held back is due at the next boundary. */
export function landInterrupt(c: Cpu): void {
  c.hold = 1;
}

export function holdKick(c: Cpu): void {
  c.kickIn = KICK_STEPS_MAX;
  c.kickHeld = 1;
}

export function landKick(c: Cpu): void {
  c.kickIn = 0;
}

/** An instruction of this vCPU executes now: one window, one step less. */
export function delaysPass(c: Cpu): void {
  if (c.kickIn && c.vcpu.pending_kick) c.kickIn -= 1;
  if (!isHeld(c)) return;
  // What cannot land any more is pending like anything else: the hold was on its way, not on the interrupt.
  if (mayBeHeld(c.vcpu)) c.hold -= 1;
  else c.hold = 0;
}

/** The stolen vCPU does not come back yet. */
export function keepAway(c: Cpu): void {
  c.kept = KEPT_PAUSES_MAX;
}

/** Somebody waits by pause: whoever is kept away may be who it waits for. */
export function pausesPass(): void {
  for (let i: u32 = 0; i < config.vcpus; i++) if (cpuAt(i).kept) cpuAt(i).kept -= 1;
}

/** Ends every steal that is being prolonged; false if there is none. */
export function giveBackAll(): bool {
  let any = false;
  for (let i: u32 = 0; i < config.vcpus; i++) {
    const c = cpuAt(i);
    if (c.kept) any = true;
    c.kept = 0;
  }
  return any;
}
