// Lookup in the import table: what a linker needs to bind `machine.*`, and the ids by which the instructions are executed.
import { machineOps } from "./ops-table";

/** Ids of `machine.*`, in the order of ops-table.ts (a test holds the two equal). */
export const enum MachineOp {
  load8, load16, load32, load64, store8, store16, store32, store64,
  rmw, cmpxchg, copy_in, copy_out, fill, mfence, sfence, lfence, pause,
  cli, sti, pushf, popf, hlt, read_cr, write_cr, read_dr, write_dr, invlpg, invpcid, rdmsr, wrmsr,
  lgdt, lidt, lldt, ltr, str, in_, out, cpuid, rdtsc, rdtscp, iret, swapgs, wbinvd, rdpmc, clts,
  int, ud, syscall, hypercall, vmcall, vmmcall, exec,
  reg, set_reg, ctx_reg, ctx_set_reg, code_addr, call_code, vcpu, nop,
  count,
}

/** Answers of `exec` (instructions.ts) and of the delivery functions (interrupts.ts). */
export const enum Step {
  /** Completed; the result, if any, is in args[0]. */
  DONE = 0,
  /** Nothing happened: fault_vector, fault_error and CR2 are set; the instruction restarts after the handler. */
  FAULT = 1,
  /** Guest mode is left: exit_reason and the qualification are set. RIP still names this instruction. */
  EXIT = 2,
  /** HLT completed; the vCPU is HALTED. */
  SLEEP = 3,
  /** The machine ended: end_kind says how. */
  END = 4,
  /** One step of the instruction is done: call again as a further step; other vCPUs may come between, interrupts may not. */
  SPLIT = 5,
  /** One unit of a repeated instruction (or of exec) is done: call again; interrupts may come between (save `progress` with the context). */
  PART = 6,
  /** Completed by a transfer of control: RIP is the address to enter. */
  JUMP = 7,
}

@inline
function unit(at: u32): u32 {
  return load<u16>(changetype<usize>(machineOps) + (<usize>at << 1));
}

/** Index of the first character of line `id`. */
function lineStart(id: u32): u32 {
  let at: u32 = 0;
  for (let line: u32 = 0; line < id; at++) if (unit(at) == 10) line++;
  return at;
}

/** Index of the first character of the part behind the given mark (':' or '>') of line `id`. */
function partStart(id: u32, mark: u32): u32 {
  let at = lineStart(id);
  while (unit(at) != mark) at++;
  return at + 1;
}

/** Id of the import with this ASCII name, −1 if the machine has none. */
export function opByName(name: usize, length: u32): i32 {
  for (let id: u32 = 0; id < <u32>MachineOp.count; id++) {
    const at = lineStart(id) + 2;
    let i: u32 = 0;
    while (i < length && unit(at + i) == <u32>load<u8>(name + i)) i++;
    if (i == length && unit(at + i) == 58) return id;
  }
  return -1;
}

/** Number of parameters; `opParamType` gives the wasm value type of each: 0x7f i32, 0x7e i64. */
export function opParamCount(id: u32): u32 {
  return partStart(id, 62) - 1 - partStart(id, 58);
}

export function opParamType(id: u32, i: u32): u32 {
  return unit(partStart(id, 58) + i) == 105 ? 0x7f : 0x7e;
}

/** Wasm value type of the result, 0 when there is none. */
export function opResultType(id: u32): u32 {
  const c = unit(partStart(id, 62));
  return c == 10 ? 0 : c == 105 ? 0x7f : 0x7e;
}
