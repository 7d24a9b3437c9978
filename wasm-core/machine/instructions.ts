// Execution of `machine.*` on one vCPU: privilege, the fate that the controls decide, the instruction itself, what it drains.
import { accessValue, cmpxchgVa, loadVa, rmwVa, storeVa } from "./access";
import { runCode } from "./code";
import { exitInsn, Fate, fateOf } from "./controls";
import { stepped } from "./debug";
import { forget, remember } from "./decode";
import { executeInstruction } from "./execute";
import { fault, generalProtection, Vector } from "./faults";
import { hypercallExit } from "./hypercalls";
import { isUnserialised } from "./msr";
import { MachineOp, Step } from "./ops";
import { checkPortBitmap } from "./ports";
import { sbDrainAll } from "./storebuffer";
import { copyIn, copyOut, fillVa } from "./strings";
import { Kind, config } from "./config";
import { Exit, reg, setReg, Vcpu } from "./vcpu";

/** The k-th argument slot. */
@inline
function arg(args: usize, k: u32): u64 {
  return load<u64>(args + (k << 3));
}

/**
 * Executes one step of import `id` (MachineOp) on v. `args` are u64 slots (i32 zero-extended), written only with the result:
 * args[0], when the answer is Step.DONE. v.rip must be the resume token, except inside `exec`.
 */
export function exec(v: Vcpu, id: u32, args: usize): i32 {
  if (id >= <u32>MachineOp.reg) return registerOp(v, id, args);
  const shadow = v.sti_shadow;
  const flags = v.rflags;
  let status: i32;
  if (id < <u32>MachineOp.pause) {
    status = memoryOp(v, id, args);
    if (status == Step.FAULT) remember(v, id, args);
  } else {
    remember(v, id, args);
    status = instruction(v, id, args);
    if (status != Step.FAULT && status != Step.EXIT) forget(v);
  }
  // The shadow of an earlier STI ends with the first instruction that completes after it.
  if (status == Step.DONE || status == Step.SLEEP || status == Step.JUMP) {
    if (shadow) v.sti_shadow = 0;
    if (status != Step.JUMP) stepped(v, flags);
  }
  return status;
}

/** To be called when a context resumes behind its instruction (T + 1): whatever was under way is over. */
export function completeInstruction(v: Vcpu): void {
  v.phase = 0;
  v.part_ma0 = v.part_ma1 = 0;
  v.part_value = 0;
  v.progress = 0;
  v.exec_active = 0;
}

function registerOp(v: Vcpu, id: u32, args: usize): i32 {
  const r = <u32>arg(args, 0);
  switch (id) {
    case MachineOp.reg: store<u64>(args, r < 28 ? reg(v, r) : 0); break;
    case MachineOp.set_reg: if (r < 28) setReg(v, r, arg(args, 1)); break;
    case MachineOp.vcpu: store<u64>(args, v.index); break;
    case MachineOp.nop: break;
    default: return fault(v, Vector.UD);
  }
  return Step.DONE;
}

function memoryOp(v: Vcpu, id: u32, args: usize): i32 {
  const a = arg(args, 0);
  const b = arg(args, 1);
  const c = arg(args, 2);
  let status: i32 = Step.DONE;
  switch (id) {
    case MachineOp.load8: case MachineOp.load16: case MachineOp.load32: case MachineOp.load64:
      status = loadVa(v, a, 1 << (id - MachineOp.load8));
      break;
    case MachineOp.store8: case MachineOp.store16: case MachineOp.store32: case MachineOp.store64:
      return storeVa(v, a, 1 << (id - MachineOp.store8), b);
    case MachineOp.rmw: status = rmwVa(v, <u32>a, b, c); break;
    case MachineOp.cmpxchg: status = cmpxchgVa(v, <u32>a, b, c, arg(args, 3)); break;
    case MachineOp.copy_in: return copyIn(v, <usize>a, b, <u32>c);
    case MachineOp.copy_out: return copyOut(v, <usize>a, b, <u32>c);
    case MachineOp.fill: return fillVa(v, a, b, <u32>c);
    case MachineOp.mfence: sbDrainAll(v); return Step.DONE;
    // Loads and stores are never reordered among themselves: nothing to do for TSO.
    default: return Step.DONE;
  }
  if (status == Step.DONE) store<u64>(args, accessValue);
  return status;
}

@inline
function ioPrivileged(v: Vcpu): bool {
  return v.cpl <= (<u32>(v.rflags >> 12) & 3);
}

/** Instructions that are #GP outside CPL 0 whatever the controls say. */
function isPrivileged(op: u32): bool {
  switch (op) {
    case MachineOp.hlt: case MachineOp.read_cr: case MachineOp.write_cr: case MachineOp.read_dr: case MachineOp.write_dr:
    case MachineOp.invlpg: case MachineOp.invpcid: case MachineOp.rdmsr: case MachineOp.wrmsr: case MachineOp.lgdt:
    case MachineOp.lidt: case MachineOp.lldt: case MachineOp.ltr: case MachineOp.swapgs: case MachineOp.wbinvd:
    case MachineOp.clts:
      return true;
    default:
      return false;
  }
}

const CR4_TSD: u64 = 4;
const CR4_PCE: u64 = 0x100;

/** Checks that come before the controls: DONE or FAULT. */
function checkPrivilege(v: Vcpu, op: u32, args: usize): i32 {
  if (v.cpl == 0) return Step.DONE;
  if (isPrivileged(op)) return generalProtection(v);
  switch (op) {
    case MachineOp.cli: case MachineOp.sti: return ioPrivileged(v) ? Step.DONE : generalProtection(v);
    case MachineOp.rdtsc: case MachineOp.rdtscp: return v.cr4 & CR4_TSD ? generalProtection(v) : Step.DONE;
    case MachineOp.rdpmc: return v.cr4 & CR4_PCE ? Step.DONE : generalProtection(v);
    case MachineOp.in_: case MachineOp.out:
      // In D the kernel's own CPL is 3: the host half decides.
      if (ioPrivileged(v) || config.kind == <u32>Kind.DIRECT) return Step.DONE;
      return checkPortBitmap(v, <u32>arg(args, 0) & 0xffff, <u32>arg(args, 1));
    default: return Step.DONE;
  }
}

function instruction(v: Vcpu, op: u32, args: usize): i32 {
  v.exit_len = 1;
  v.exit_flags = 0;
  const size = <u32>arg(args, 1);
  const isPort = op == MachineOp.in_ || op == MachineOp.out;
  if (isPort && size != 1 && size != 2 && size != 4) return fault(v, Vector.UD);
  const allowed = checkPrivilege(v, op, args);
  if (allowed != Step.DONE) return allowed;
  if (op == MachineOp.exec) return runCode(v, arg(args, 0));
  switch (fateOf(v, op, <u32>arg(args, 0), size)) {
    case Fate.GENERAL_PROTECTION: return generalProtection(v);
    case Fate.UNDEFINED: return fault(v, Vector.UD);
    case Fate.HYPERCALL: return hypercallExit(v, op, args);
    case Fate.EXITS: return exitFor(v, op, args);
    default: break;
  }
  const status = executeInstruction(v, op, args);
  if ((status == Step.DONE || status == Step.END) && drains(op, <u32>arg(args, 0))) sbDrainAll(v);
  if (status == Step.EXIT && v.exit_reason == <u32>Exit.NONE) exitInsn(v, op, arg(args, 0), arg(args, 1));
  return status;
}

/** Records the exit of an instruction that the controls do not let execute. */
function exitFor(v: Vcpu, op: u32, args: usize): i32 {
  const a = arg(args, 0);
  const b = arg(args, 1);
  if (op == MachineOp.rdmsr || op == MachineOp.wrmsr) {
    v.exit_reason = Exit.MSR;
    v.exit_insn = 0;
    v.exit_a = a;
    v.exit_b = op == MachineOp.wrmsr ? b : 0;
    v.exit_flags = op == MachineOp.wrmsr ? 1 : 0;
  } else if (op == MachineOp.in_ || op == MachineOp.out) {
    v.exit_reason = Exit.IO;
    v.exit_insn = 0;
    v.exit_a = a & 0xffff;
    v.exit_b = op == MachineOp.out ? arg(args, 2) : 0;
    // Bit 0 write, bits 3:1 the size in bytes.
    v.exit_flags = (op == MachineOp.out ? 1 : 0) | (<u32>b << 1);
  } else {
    exitInsn(v, op, a, b);
    if (op == MachineOp.invpcid) v.exit_gva = arg(args, 2);
  }
  return Step.EXIT;
}

/** Instructions that serialise, SDM vol. 3, 8.3, and port accesses. */
function drains(op: u32, operand: u32): bool {
  switch (op) {
    case MachineOp.wrmsr: return !isUnserialised(operand);
    case MachineOp.write_cr: case MachineOp.invlpg: case MachineOp.invpcid: case MachineOp.cpuid: case MachineOp.iret:
    case MachineOp.lgdt: case MachineOp.lidt: case MachineOp.lldt: case MachineOp.ltr: case MachineOp.in_: case MachineOp.out:
      return true;
    default: return false;
  }
}
