// A vCPU without work: it sleeps with interrupts enabled, and serves them, until a role starts on it.
import { Runstate } from "../machine/vcpu";
import { setRunstate } from "../machine/time";
import { Cpu } from "./cpu";

/** Parks: as HLT on an empty base context, with IF as it was left. Its stores wait until something drains them. */
export function parkVcpu(c: Cpu): void {
  c.parked = 1;
  c.role = -1;
  setRunstate(c.vcpu, Runstate.HALTED);
}
