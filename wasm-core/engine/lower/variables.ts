// Lowering of locals, globals, select and drop.
import { E_INVALID, fail, failed } from "../errors";
import { Instance } from "../instance";
import { Module, moduleGlobal } from "../module";
import {
  OP_CONST,
  OP_GLOBAL_GET,
  OP_GLOBAL_GET_X,
  OP_GLOBAL_SET_A,
  OP_GLOBAL_SET_S,
  OP_GLOBAL_SET_X,
  OP_KEEP,
  OP_MOVE,
  OP_SELECT_A,
  OP_SELECT_S,
} from "../generated/opcodes";
import { offset, readU32 } from "../reader";
import { T_ANY, T_I32, isReference } from "../types";
import { readValueType } from "../valuetypes";
import { emit, lastOperation } from "./emit";
import {
  CONST,
  LOCAL,
  X,
  Y,
  Z,
  accIsLocal,
  dead,
  localWritten,
  pop,
  preserve,
  pushConst,
  pushLocal,
  pushResult,
  pushTemp,
  slotOf,
  takeAcc,
} from "./operands";
import { localTypes } from "./scratch";

export let localCount: u32 = 0;

export function setLocalCount(count: u32): void {
  localCount = count;
}

function readLocal(): u32 {
  const index = readU32();
  if (!failed && index >= localCount) fail(E_INVALID, offset(), "unknown local");
  return failed ? 0 : index;
}

export function localGet(): void {
  const index = readLocal();
  pushLocal(load<u8>(localTypes + index), index);
}

export function localSet(): void {
  const index = readLocal();
  pop(Y, load<u8>(localTypes + index));
  if (!failed && !dead) assign(index);
}

export function localTee(): void {
  const index = readLocal();
  const type = load<u8>(localTypes + index);
  pop(Y, type);
  if (failed) return;
  if (!dead) assign(index);
  if (Y.kind == CONST && !dead) pushConst(type, Y.constant);
  else pushLocal(type, index);
}

/** Writes Y to a local. The operation that made it writes there directly if it is the last one. */
function assign(local: u32): void {
  const preserved = preserve(local);
  if (Y.producer && Y.producer == lastOperation && !preserved) {
    store<u16>(Y.producer, local, 2);
    return accIsLocal(local);
  }
  if (Y.kind == LOCAL && Y.local == local) return;
  if (Y.inAcc) {
    takeAcc(Y);
    store<u16>(emit(OP_KEEP), local, 2);
    return accIsLocal(local);
  }
  localWritten(local);
  if (Y.kind == CONST) {
    const at = emit(OP_CONST);
    store<u16>(at, local, 2);
    store<u64>(at, Y.constant, 8);
    return;
  }
  const slot = slotOf(Y);
  const at = emit(OP_MOVE);
  store<u16>(at, local, 2);
  store<u16>(at, slot, 4);
}

/** Byte offset of an own global from its Instance. */
function globalOffset(m: Module, index: u32): u32 {
  return ((offsetof<Instance>() + 7) & ~7) + ((index - m.globalImports) << 3);
}

export function globalGet(m: Module): void {
  const index = readU32();
  if (failed) return;
  if (index >= m.globalCount) return fail(E_INVALID, offset(), "unknown global");
  const type = moduleGlobal(m, index).type;
  if (dead) return pushTemp(type);
  const imported = index < m.globalImports;
  const at = emit(imported ? OP_GLOBAL_GET_X : OP_GLOBAL_GET);
  store<u32>(at, imported ? index : globalOffset(m, index), 4);
  pushResult(type, at);
}

export function globalSet(m: Module): void {
  const index = readU32();
  if (failed) return;
  if (index >= m.globalCount) return fail(E_INVALID, offset(), "unknown global");
  if (!moduleGlobal(m, index).mutable) return fail(E_INVALID, offset(), "global is immutable");
  pop(Y, moduleGlobal(m, index).type);
  if (failed || dead) return;
  const imported = index < m.globalImports;
  const inAcc = Y.inAcc && !imported;
  const slot = inAcc ? 0 : slotOf(Y);
  if (inAcc) takeAcc(Y);
  const at = emit(imported ? OP_GLOBAL_SET_X : inAcc ? OP_GLOBAL_SET_A : OP_GLOBAL_SET_S);
  store<u16>(at, slot, 2);
  store<u32>(at, imported ? index : globalOffset(m, index), 4);
}

export function drop(): void {
  pop(Y, T_ANY);
}

/** select (0x1b) infers its type from numeric operands; typed select (0x1c) names it. */
export function select(typed: bool): void {
  let type: u32 = T_ANY;
  if (typed) {
    const count = readU32();
    if (!failed && count != 1) return fail(E_INVALID, offset(), "invalid result arity: select has one result");
    type = readValueType();
  }
  pop(Z, T_I32);
  pop(Y, type);
  pop(X, type);
  if (failed) return;
  if (!typed) {
    if (X.type != T_ANY && Y.type != T_ANY && X.type != Y.type)
      return fail(E_INVALID, offset(), "type mismatch: the operands of select differ");
    type = X.type != T_ANY ? X.type : Y.type;
    if (isReference(type)) return fail(E_INVALID, offset(), "type mismatch: select without a type needs numbers");
  }
  if (dead) return pushTemp(type);
  const first = slotOf(X);
  const second = slotOf(Y);
  const condition = Z.inAcc ? 0 : slotOf(Z);
  if (Z.inAcc) takeAcc(Z);
  const at = emit(Z.inAcc ? OP_SELECT_A : OP_SELECT_S);
  store<u16>(at, first, 4);
  store<u16>(at, second, 6);
  if (!Z.inAcc) store<u16>(at, condition, 8);
  pushResult(type, at);
}
