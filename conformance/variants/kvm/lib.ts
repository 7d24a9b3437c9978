// What hostile guest halves share. A hostile guest exports parley_hostile_step(k, end): its k-th attack, where `end` is the
// first guest-physical address behind the guest's memory. 0: the host answered as it must, 1: not so, -1: there is no k-th,
// 2: go on after the host has had this vCPU's processor for a while, 3: a hypercall was not answered as it must be,
// 4: go on after user code has made the hypercall that is in the registers; its answer is in RDI then.
import * as machine from "../../sdk/as/machine";

export const DONE: i32 = -1;
export const ASK_STEAL: i32 = 2;
export const WRONG_CALL: i32 = 3;
export const ASK_USER: i32 = 4;

/** WRMSR that may be refused; true if it was. */
export function refused(msr: i32, value: i64): bool {
  machine.set_reg(machine.FIXUP_REGISTER, machine.FIXUP_ARMED);
  machine.wrmsr(msr, value);
  return disarm();
}

/** RDMSR that may be refused; true if it was. */
export function readRefused(msr: i32): bool {
  machine.set_reg(machine.FIXUP_REGISTER, machine.FIXUP_ARMED);
  machine.rdmsr(msr);
  return disarm();
}

function disarm(): bool {
  const taken = machine.reg(machine.FIXUP_REGISTER) == machine.FIXUP_TAKEN;
  machine.set_reg(machine.FIXUP_REGISTER, 0);
  return taken;
}

export function hypercall(nr: i64, a: i64, b: i64, c: i64, d: i64): i64 {
  machine.set_reg(machine.RAX, nr);
  machine.set_reg(machine.RBX, a);
  machine.set_reg(machine.RCX, b);
  machine.set_reg(machine.RDX, c);
  machine.set_reg(machine.RSI, d);
  machine.vmcall();
  return machine.reg(machine.RAX);
}
