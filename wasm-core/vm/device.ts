// Interrupts from outside of the guest. Where the machine delivers them itself (N, E) that is all; elsewhere the CPU takes the
// interrupt in the host half: a vCPU in guest mode leaves it with KICK, for one that the host half blocked it is asked again.
import { raiseIrq, raiseNmi } from "../machine/apic";
import { deliversInterrupts } from "../machine/machine";
import { setRunstate } from "../machine/time";
import { Exit, Runstate } from "../machine/vcpu";
import { Cpu } from "./cpu";
import { kick } from "./host-calls";
import { HOST_EXIT, queuePush, run } from "./run";

export function deviceIrq(c: Cpu, vector: u32): void {
  if (raiseIrq(c.vcpu, vector) == 0) tell(c);
}

export function deviceNmi(c: Cpu): void {
  raiseNmi(c.vcpu);
  tell(c);
}

function tell(c: Cpu): void {
  if (deliversInterrupts()) return;
  kick(c);
  const v = c.vcpu;
  if (v.runstate != Runstate.BLOCKED) return;
  setRunstate(v, Runstate.HOST);
  v.exit_reason = Exit.KICK;
  run.deadlineDirty = 1;
  queuePush(false, HOST_EXIT, c.index, c.index, Exit.KICK);
}
