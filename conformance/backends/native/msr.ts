// MSR accesses that may be refused: the kernel's #GP handler skips an instruction made with FIXUP_ARMED in FIXUP_REGISTER.
import { E_INVAL } from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";

export function msrReadSafe(msr: i32, out_va: i64): i32 {
  machine.set_reg(machine.FIXUP_REGISTER, machine.FIXUP_ARMED);
  const value = machine.rdmsr(msr);
  if (refused()) return E_INVAL;
  machine.store64(out_va, value);
  return 0;
}

export function msrWriteSafe(msr: i32, value: i64): i32 {
  machine.set_reg(machine.FIXUP_REGISTER, machine.FIXUP_ARMED);
  machine.wrmsr(msr, value);
  return refused() ? E_INVAL : 0;
}

/** Disarms, so that a later fault is not taken for an expected one. */
function refused(): bool {
  const taken = machine.reg(machine.FIXUP_REGISTER) == machine.FIXUP_TAKEN;
  machine.set_reg(machine.FIXUP_REGISTER, 0);
  return taken;
}
