// The instructions that really execute, after privilege and controls allowed them.
import { crValue, invalidatePage, invalidatePcid, readCr, readDr, writeCr, writeDr } from "./control-registers";
import { cpuidOf, eax, ebx, ecx, edx } from "./cpuid";
import { Kind, config } from "./config";
import { loadLdt, loadTask } from "./descriptors";
import { canonical, fault, generalProtection, Vector } from "./faults";
import { deliver, iretFrame } from "./interrupts";
import { msrValue, readMsr, writeMsr } from "./msr";
import { MachineOp, Step } from "./ops";
import { readPort, writePort } from "./ports";
import { enterSyscall } from "./hypercalls";
import { readTsc, setRunstate } from "./time";
import { Exit, RAX, RBX, RCX, RDX, RFLAGS_IF, Runstate, setReg, Vcpu } from "./vcpu";

const CR0_TS: u64 = 8;
/** CF PF AF ZF SF TF DF OF NT AC ID: what POPF may change at any privilege. */
const POPF_FLAGS: u64 = 0x24_4dd5;
const RFLAGS_IOPL: u64 = 0x3000;
/** RF and VM read as 0. */
const PUSHF_HIDDEN: u64 = 0x3_0000;

/** DONE (result in args[0]), FAULT, SLEEP, END, JUMP, or EXIT; with exit_reason NONE the caller records an INSN exit. */
export function executeInstruction(v: Vcpu, op: u32, args: usize): i32 {
  const a = load<u64>(args);
  const b = load<u64>(args, 8);
  v.exit_reason = Exit.NONE;
  switch (op) {
    case MachineOp.cli: v.rflags &= ~RFLAGS_IF; break;
    case MachineOp.sti: return setInterruptFlag(v);
    case MachineOp.pushf: store<u64>(args, pushedFlags(v)); break;
    case MachineOp.popf: popFlags(v, a); break;
    case MachineOp.hlt: setRunstate(v, Runstate.HALTED); return Step.SLEEP;
    case MachineOp.read_cr: return result(args, readCr(v, <u32>a), crValue);
    case MachineOp.write_cr: return writeCr(v, <u32>a, b);
    case MachineOp.read_dr: return result(args, readDr(v, <u32>a), crValue);
    case MachineOp.write_dr: return writeDr(v, <u32>a, b);
    case MachineOp.invlpg: return invalidatePage(v, a);
    case MachineOp.invpcid: return invalidatePcid(v, <u32>a, b, load<u64>(args, 16));
    case MachineOp.rdmsr: return result(args, readMsr(v, <u32>a), msrValue);
    case MachineOp.wrmsr: return writeMsr(v, <u32>a, b);
    case MachineOp.lgdt: case MachineOp.lidt: return loadTable(v, op, a, <u32>b & 0xffff);
    case MachineOp.lldt: return loadLdt(v, <u32>a & 0xffff);
    case MachineOp.ltr: return loadTask(v, <u32>a & 0xffff);
    case MachineOp.str: store<u64>(args, v.tr_selector); break;
    case MachineOp.in_: store<u64>(args, config.kind == <u32>Kind.NATIVE ? readPort(<u32>a & 0xffff, <u32>b) : allOnes(<u32>b)); break;
    case MachineOp.out: return config.kind == <u32>Kind.NATIVE ? writePort(v, <u32>a & 0xffff, <u32>b, load<u32>(args, 16)) : Step.DONE;
    case MachineOp.cpuid: writeCpuid(v, <u32>a, <u32>b); break;
    case MachineOp.rdtsc: store<u64>(args, readTsc(v)); break;
    case MachineOp.rdtscp: setReg(v, RCX, v.tsc_aux); store<u64>(args, readTsc(v)); break;
    case MachineOp.iret: return iretFrame(v, a);
    case MachineOp.swapgs: swapGs(v); break;
    // No performance counters exist (CPUID leaf 0xA is empty).
    case MachineOp.rdpmc: return generalProtection(v);
    case MachineOp.clts: return clearTaskSwitched(v);
    case MachineOp.int: return softwareInterrupt(v, <u32>a & 0xff, 1);
    case MachineOp.ud: return fault(v, Vector.UD);
    case MachineOp.syscall: return enterSyscall(v, a, 1);
    default: break; // pause, wbinvd
  }
  return Step.DONE;
}

@inline
function result(args: usize, status: i32, value: u64): i32 {
  if (status == Step.DONE) store<u64>(args, value);
  return status;
}

function allOnes(size: u32): u64 {
  return 0xffff_ffff >> (32 - (size << 3));
}

/** STI: the shadow begins only when IF goes from 0 to 1. */
function setInterruptFlag(v: Vcpu): i32 {
  if (!(v.rflags & RFLAGS_IF)) {
    v.rflags |= RFLAGS_IF;
    v.sti_shadow = 1;
  }
  return Step.DONE;
}

/** In D the flag is not the guest's: it always reads 1. */
function pushedFlags(v: Vcpu): u64 {
  const flags = v.rflags & ~PUSHF_HIDDEN;
  return config.kind == <u32>Kind.DIRECT ? flags | RFLAGS_IF : flags;
}

function popFlags(v: Vcpu, value: u64): void {
  let mask = POPF_FLAGS;
  if (v.cpl == 0) mask |= RFLAGS_IOPL;
  if (v.cpl <= (<u32>(v.rflags >> 12) & 3)) mask |= RFLAGS_IF;
  v.rflags = (v.rflags & ~mask) | (value & mask) | 2;
}

function loadTable(v: Vcpu, op: u32, base: u64, limit: u32): i32 {
  if (!canonical(base)) return generalProtection(v);
  if (op == MachineOp.lgdt) {
    v.gdt_base = base;
    v.gdt_limit = limit;
  } else {
    v.idt_base = base;
    v.idt_limit = limit;
  }
  return Step.DONE;
}

function writeCpuid(v: Vcpu, leaf: u32, sub: u32): void {
  cpuidOf(v, leaf, sub);
  setReg(v, RAX, eax);
  setReg(v, RBX, ebx);
  setReg(v, RCX, ecx);
  setReg(v, RDX, edx);
}

function swapGs(v: Vcpu): void {
  const base = v.gs_base;
  v.gs_base = v.kernel_gs_base;
  v.kernel_gs_base = base;
}

/** CLTS exits if the host owns TS and shows it set. */
function clearTaskSwitched(v: Vcpu): i32 {
  if (v.cr0_own & CR0_TS) return v.cr0_shadow & CR0_TS ? Step.EXIT : Step.DONE;
  v.cr0 &= ~CR0_TS;
  return Step.DONE;
}

/** INT n and INT3: a trap, so the frame names the next instruction. JUMP, or what delivery answers. */
export function softwareInterrupt(v: Vcpu, vector: u32, length: u32): i32 {
  v.exit_len = length;
  const status = deliver(v, vector, false, 0, true, length);
  return status == Step.DONE ? Step.JUMP : status;
}
