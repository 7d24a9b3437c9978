// A vCPU without work: it sleeps with interrupts enabled, and serves them, until a role starts on it.
import { Runstate } from "../machine/vcpu";
import { setRunstate } from "../machine/time";
import { Cpu } from "./cpu";

/**
 * Parks: as HLT on an empty base context, with IF as it was left; the shadow of an STI ends with it. Its stores wait until
 * something drains them.
 */
export function parkVcpu(c: Cpu): void {
  c.vcpu.sti_shadow = 0;
  c.parked = 1;
  c.role = -1;
  // The sleep is the instruction behind an sti: it ends the shadow.
  c.vcpu.sti_shadow = 0;
  setRunstate(c.vcpu, Runstate.HALTED);
}
