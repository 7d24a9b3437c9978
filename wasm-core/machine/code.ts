// machine.exec: the few real instructions that hypercall pages and fetch tests need, at most 16 bytes from va on.
import { Fate, fateOf } from "./controls";
import { fault, Vector } from "./faults";
import { enterSyscall, leave } from "./hypercalls";
import { softwareInterrupt } from "./execute";
import { implicitNote } from "./implicit";
import { MachineOp, Step } from "./ops";
import { Access } from "./paging";
import { sbLoad } from "./storebuffer";
import { translate, translated } from "./translate";
import { RAX, reg, setReg, Vcpu } from "./vcpu";

const WINDOW_BYTES: u64 = 16;

/** Byte of code found by the last fetch that answered DONE. */
let byte: u32 = 0;

function fetch(v: Vcpu, va: u64): i32 {
  const status = translate(v, va, Access.FETCH);
  if (status != Step.DONE) return status;
  byte = <u32>sbLoad(v, translated, 1);
  implicitNote(translated, 1, 0);
  return status;
}

/** Runs one instruction at RIP (first at va): PART after nop and mov, DONE after ret, otherwise as the instruction. */
export function runCode(v: Vcpu, va: u64): i32 {
  if (!v.exec_active) {
    v.exec_active = 1;
    v.rip = va;
  }
  if (v.rip - va >= WINDOW_BYTES) return fault(v, Vector.UD);
  const status = fetch(v, v.rip);
  if (status != Step.DONE) return status;
  switch (byte) {
    case 0xc3:
      v.exec_active = 0;
      return Step.DONE;
    case 0x90:
      v.rip += 1;
      return Step.PART;
    case 0xb8: return loadImmediate(v);
    case 0xcc: return softwareInterrupt(v, Vector.BP, 1);
    case 0x0f: return twoByteCode(v);
    default: return fault(v, Vector.UD);
  }
}

function loadImmediate(v: Vcpu): i32 {
  let value: u64 = 0;
  for (let i: u32 = 0; i < 4; i++) {
    const status = fetch(v, v.rip + 1 + i);
    if (status != Step.DONE) return status;
    value |= <u64>byte << (i << 3);
  }
  setReg(v, RAX, value);
  v.rip += 5;
  return Step.PART;
}

function twoByteCode(v: Vcpu): i32 {
  let status = fetch(v, v.rip + 1);
  if (status != Step.DONE) return status;
  if (byte == 0x05) {
    return fateOf(v, MachineOp.syscall, 0, 0) == Fate.HYPERCALL ? leave(v, 2, 2) : enterSyscall(v, reg(v, RAX), 2);
  }
  if (byte != 0x01) return fault(v, Vector.UD);
  status = fetch(v, v.rip + 2);
  if (status != Step.DONE) return status;
  const op: u32 = byte == 0xc1 ? MachineOp.vmcall : byte == 0xd9 ? MachineOp.vmmcall : 0;
  if (!op || fateOf(v, op, 0, 0) != Fate.HYPERCALL) return fault(v, Vector.UD);
  return leave(v, op == MachineOp.vmmcall ? 1 : 0, 3);
}
