// Text of the interpreter: one function with the dispatch loop, around it what happens when the loop is left.
import { CHARGE, type Operation } from "./forms.ts";
import { COLD_FIRST, type Numbering } from "./numbering.ts";

const HEADER = `// Generated from wasm-core/engine/opcodes by generate.ts. Do not edit.
import { DIRTY } from "../../memory/arena";
import { bulk, bulkExtra, memoryGrow } from "../bulk";
import { stubCrossReturn } from "../code";
import { FuncRef, Instance, Table } from "../instance";
import { Func } from "../module";
import { CROSSING_BYTES, HOST_DONE, HOST_LEAVE, HOST_RESTART, RAN_FUEL, RAN_HOST, RAN_RETURNED, RAN_TRAP, TRAP_DIVIDE_BY_ZERO, TRAP_HOST, TRAP_INDIRECT_NULL, TRAP_INDIRECT_TYPE, TRAP_INTEGER_OVERFLOW, TRAP_INVALID_CONVERSION, TRAP_MEMORY_BOUNDS, TRAP_STACK, TRAP_TABLE_BOUNDS, TRAP_UNREACHABLE, Thread } from "../thread";
import { callHost } from "../run";
import { breakAt, clearBreak, costOf, restOf, save, settle, settledCarry, settledPc, settledStops } from "../settle";
const LEAVE_RESUME: u32 = 100;
const LEAVE_FUEL: u32 = 101;
const LEAVE_EXTRA: u32 = 102;
const LEAVE_BREAK: u32 = 103;
const LEAVE_CALL: u32 = 104;
const LEAVE_CROSSED: u32 = 105;
const LEAVE_RETURNED: u32 = 106;
const LEAVE_STACK: u32 = 107;

@inline
function canonical32(value: f32): u64 {
  return value == value ? <u64>reinterpret<u32>(value) : 0x7fc00000;
}

@inline
function canonical64(value: f64): u64 {
  return value == value ? reinterpret<u64>(value) : 0x7ff8000000000000;
}

@inline
function memorySizeOf(inst: usize): u64 {
  return <u64>changetype<Instance>(inst).memory.size;
}
`;

const PROLOGUE = `
/** Runs the thread until its fuel is used up, its innermost entry returns, a host call leaves, or it traps (RAN_*). */
export function interpret(thread: usize): i32 {
  const t = changetype<Thread>(thread);
  const depthMax: u32 = t.depthMax;
  let pc: usize = t.pc;
  let fp: usize = t.fp;
  let acc: u64 = t.acc;
  let fuel: i64 = t.fuel;
  let inst: usize = t.instance;
  let depth: u32 = t.depth;
  let carry: u32 = t.carry;
  let stackLimit: usize = t.stackHigh;
  let mbase: usize = changetype<Instance>(inst).memory.base;
  let msize: u64 = memorySizeOf(inst);
  let leave: u32 = LEAVE_RESUME;
  let x32: u32 = 0, y32: u32 = 0, x64: u64 = 0, y64: u64 = 0, ea: u64 = 0;
  let v32: f32 = 0, v64: f64 = 0;
  let p: usize = 0, n: usize = 0, callee: usize = 0, target: usize = 0, returnTo: usize = 0;
  while (true) {
    if (breakAt) clearBreak();
    if (leave == LEAVE_CALL) {
      if (callee == 0) {
        save(t, inst, pc, fp, acc, fuel, depth, 0);
        x32 = callHost(thread, changetype<FuncRef>(target).hostId, n);
        fuel = t.fuel;
        if (x32 == HOST_RESTART) {
          t.carry = costOf(inst, pc);
          t.pending = 1;
          t.pendingArgs = n;
          return RAN_HOST;
        }
        if (x32 == HOST_DONE || x32 == HOST_LEAVE) {
          acc = load<u64>(n);
          pc = returnTo;
          if (x32 == HOST_LEAVE) {
            save(t, inst, pc, fp, acc, fuel, depth, 0);
            return RAN_HOST;
          }
          mbase = changetype<Instance>(inst).memory.base;
          msize = memorySizeOf(inst);
          leave = LEAVE_FUEL;
        } else leave = TRAP_HOST;
      } else {
        p = n + changetype<Func>(callee).frameBytes;
        if (p > t.stackEnd || depth >= depthMax || t.crossTop >= t.crossEnd) leave = TRAP_STACK;
        else {
          if (p > stackLimit) {
            stackLimit = min(t.stackEnd, (p + 4095) & ~4095);
            t.stackHigh = stackLimit;
          }
          store<u32>(t.crossTop, returnTo);
          store<u32>(t.crossTop, inst, 4);
          t.crossTop += CROSSING_BYTES;
          store<u64>(n + changetype<Func>(callee).link, <u64>stubCrossReturn() | (<u64>fp << 32));
          memory.fill(n + changetype<Func>(callee).zeroStart, 0, changetype<Func>(callee).zeroBytes);
          inst = changetype<FuncRef>(target).instance;
          mbase = changetype<Instance>(inst).memory.base;
          msize = memorySizeOf(inst);
          fp = n;
          pc = changetype<Func>(callee).code;
          depth += 1;
          leave = LEAVE_FUEL;
        }
      }
      if (leave == LEAVE_FUEL) {
        fuel -= <i64>load<u32>(pc, 4);
        pc += 8;
        if (fuel >= 0) leave = 0;
      }
    } else if (leave == LEAVE_CROSSED) {
      t.crossTop -= CROSSING_BYTES;
      pc = load<u32>(t.crossTop);
      inst = load<u32>(t.crossTop, 4);
      mbase = changetype<Instance>(inst).memory.base;
      msize = memorySizeOf(inst);
      fuel -= <i64>load<u32>(pc, 4);
      pc += 8;
      leave = fuel >= 0 ? 0 : LEAVE_FUEL;
    } else if (leave == LEAVE_STACK) {
      p = n + changetype<Func>(callee).frameBytes;
      // A tail call (frame in place) adds no depth.
      if (p > t.stackEnd || (depth >= depthMax && n != fp)) leave = TRAP_STACK;
      else {
        stackLimit = min(t.stackEnd, (p + 4095) & ~4095);
        t.stackHigh = stackLimit;
        leave = 0;
      }
    } else if (leave == LEAVE_RETURNED) {
      t.fuel = fuel;
      return RAN_RETURNED;
    }
    if (leave) {
      if (leave == LEAVE_FUEL) {
        pc -= 8;
        fuel += <i64>load<u32>(pc, 4);
        carry = 0;
      } else if (leave == LEAVE_BREAK) {
        save(t, inst, pc, fp, acc, 0, depth, <u32>(fuel + restOf(inst, pc)));
        return RAN_FUEL;
      } else if (leave == LEAVE_EXTRA) {
        fuel += restOf(inst, pc);
        carry = 0;
        if (fuel < 0) {
          t.debt = -fuel;
          save(t, inst, pc, fp, acc, 0, depth, 0);
          return RAN_FUEL;
        }
      } else if (leave != LEAVE_RESUME) {
        t.trap = leave;
        save(t, inst, pc, fp, acc, fuel + restOf(inst, pc) - <i64>costOf(inst, pc), depth, 0);
        return RAN_TRAP;
      }
      fuel = settle(inst, pc, carry, fuel);
      pc = settledPc;
      if (settledStops) {
        save(t, inst, pc, fp, acc, fuel, depth, settledCarry);
        return RAN_FUEL;
      }
      leave = 0;
    }
    while (true) {
      switch (load<u16>(pc)) {
`;

function handler(number: number, operation: Operation, accOnly: boolean): string {
  const text = operation.body(0, accOnly);
  const next = operation.ends || operation.moves ? "" : ` pc += ${operation.words * 8}; continue;`;
  return `case ${number}: { ${text.replace(/\s*\n\s*/g, " ").trim()}${next} }`;
}

export function interpreterText(numbering: Numbering): string {
  const hot = numbering.all.filter((n) => n.number < COLD_FIRST).map((n) => handler(n.number, n.operation, n.accOnly));
  const cold = numbering.all
    .filter((n) => n.number >= COLD_FIRST)
    .map((n) => handler(n.number, n.operation, n.accOnly));
  return `${HEADER}${PROLOGUE}${hot.join("\n")}
default: {
switch (load<u16>(pc)) {
${cold.join("\n")}
default: unreachable();
}
}
      }
      break;
    }
  }
}
`;
}

export { CHARGE };
