// Calls out of guest mode, and SYSCALL into the kernel.
import { config, Kind } from "./config";
import { fault, Vector } from "./faults";
import { MachineOp, Step } from "./ops";
import { Exit, RAX, RCX, setReg, Vcpu } from "./vcpu";

/** EXIT_INSN of HYPERCALL. */
const BY_VMCALL: u32 = 0;
const BY_VMMCALL: u32 = 1;
const BY_SYSCALL: u32 = 2;

const EFER_SCE: u64 = 1;
const R11: u32 = 11;

/** Register of the k-th argument of machine.hypercall: RAX, RDI, RSI, RDX, R10, R8, R9. */
const ARGUMENT_REGISTERS: usize = memory.data<u8>([0, 7, 6, 2, 10, 8, 9]);

/** Exit HYPERCALL for `hypercall`, `vmcall`, `vmmcall` and `syscall`. Registers are set once, so that a repeat sees the host's changes. */
export function hypercallExit(v: Vcpu, op: u32, args: usize): i32 {
  if (v.progress == 0) {
    v.progress = 1;
    if (op == MachineOp.hypercall) {
      for (let k: u32 = 0; k < 7; k++) setReg(v, load<u8>(ARGUMENT_REGISTERS + k), load<u64>(args + (k << 3)));
    } else if (op == MachineOp.syscall) {
      setReg(v, RAX, load<u64>(args));
    }
  }
  const direct = config.kind == <u32>Kind.DIRECT;
  return leave(v, op == MachineOp.vmmcall ? BY_VMMCALL : op == MachineOp.syscall || (direct && op == MachineOp.hypercall) ? BY_SYSCALL : BY_VMCALL, 1);
}

/** Records the exit. */
export function leave(v: Vcpu, how: u32, length: u32): i32 {
  v.exit_reason = Exit.HYPERCALL;
  v.exit_insn = how;
  v.exit_len = length;
  return Step.EXIT;
}

/** SYSCALL where it executes (N, E): JUMP to LSTAR with RCX and R11 saved. `number` goes to RAX. */
export function enterSyscall(v: Vcpu, number: u64, length: u32): i32 {
  if (!(v.efer & EFER_SCE)) return fault(v, Vector.UD);
  setReg(v, RAX, number);
  setReg(v, RCX, v.rip + length);
  setReg(v, R11, v.rflags);
  v.rflags &= ~v.sfmask;
  v.rflags |= 2;
  v.cs = <u32>(v.star >> 32) & 0xfffc;
  v.ss = v.cs + 8;
  v.cpl = 0;
  v.rip = v.lstar;
  return Step.JUMP;
}
