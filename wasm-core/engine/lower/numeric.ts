// Lowering of arithmetic, comparisons, loads and stores: picks the operand form that needs the fewest slot accesses.
import { E_INVALID, fail, failed, unsupported } from "../errors";
import { FORM_ROWS, INVERSE, OP_MEMORY_GROW, OP_MEMORY_SIZE, PAIRED_END, SIGNATURES, SWAPPED } from "../generated/opcodes";
import { offset, readByte, readU32 } from "../reader";
import { T_I32 } from "../types";
import { emit, instructionOffset, lastOperation } from "./emit";
import { CONST, Operand, X, Y, dead, entryType, floor, height, pop, pushResult, pushTemp, retypeTop, slotOf, takeAcc } from "./operands";

export const CLASS_NONE: u32 = 0;
export const CLASS_BINARY: u32 = 1;
export const CLASS_UNARY: u32 = 2;
export const CLASS_LOAD: u32 = 3;
export const CLASS_STORE: u32 = 4;
export const CLASS_RETYPE: u32 = 5;

const SS: u32 = 0;
const SI: u32 = 1;
const AS: u32 = 2;
const SA: u32 = 3;
const AI: u32 = 4;
const NONE: u32 = 0xffff;

@inline
function formOf(opcode: u32, form: u32): u32 {
  return load<u16>(FORM_ROWS + ((opcode * 5 + form) << 1));
}

@inline
function signature(opcode: u32, i: u32): u32 {
  return load<u8>(SIGNATURES + (opcode << 2) + i);
}

@inline
export function classOf(opcode: u32): u32 {
  return load<u8>(SIGNATURES + (opcode << 2));
}

/** Lowers an instruction of the given class. */
export function lowerNumeric(opcode: u32, kind: u32, hasMemory: bool): void {
  if (kind == CLASS_BINARY) binary(opcode);
  else if (kind == CLASS_UNARY) unary(opcode, signature(opcode, 1), signature(opcode, 3));
  else if (kind == CLASS_RETYPE) retype(signature(opcode, 1), signature(opcode, 3));
  else if (!hasMemory) fail(E_INVALID, offset(), "unknown memory");
  else if (kind == CLASS_LOAD) loadMemory(opcode);
  else storeMemory(opcode);
}

function binary(opcode: u32): void {
  const result = signature(opcode, 3);
  pop(Y, signature(opcode, 2));
  pop(X, signature(opcode, 1));
  if (failed) return;
  if (dead) return pushTemp(result);
  const swapped = load<u8>(SWAPPED + opcode);
  const operation = X.kind == CONST && Y.kind != CONST && swapped ? emitBinary(swapped, Y, X) : emitBinary(opcode, X, Y);
  pushResult(result, operation);
}

function emitBinary(opcode: u32, x: Operand, y: Operand): usize {
  if (y.kind == CONST && formOf(opcode, SI) != NONE) return emitImmediate(opcode, x, y);
  if (x.inAcc && formOf(opcode, AS) != NONE) {
    const slot = slotOf(y);
    takeAcc(x);
    return withSlot(formOf(opcode, AS), slot);
  }
  if (y.inAcc) {
    const swapped = load<u8>(SWAPPED + opcode);
    const form = formOf(opcode, SA) != NONE ? formOf(opcode, SA) : swapped ? formOf(swapped, AS) : NONE;
    if (form != NONE) {
      const slot = slotOf(x);
      takeAcc(y);
      return withSlot(form, slot);
    }
  }
  const left = slotOf(x);
  const right = slotOf(y);
  const operation = withSlot(formOf(opcode, SS), left);
  store<u16>(operation, right, 6);
  return operation;
}

function emitImmediate(opcode: u32, x: Operand, y: Operand): usize {
  let operation: usize;
  if (x.inAcc) {
    takeAcc(x);
    operation = emit(formOf(opcode, AI));
  } else operation = withSlot(formOf(opcode, SI), slotOf(x));
  store<u64>(operation, y.constant, 8);
  return operation;
}

function withSlot(operation: u32, slot: u32): usize {
  const at = emit(operation);
  store<u16>(at, slot, 4);
  return at;
}

/** Also ref.is_null, which is eqz of a reference. */
export function unary(opcode: u32, operand: u32, result: u32): void {
  pop(X, operand);
  if (failed) return;
  if (dead) return pushTemp(result);
  if (opcode == 0x45 && X.producer && X.producer == lastOperation && invert(X.producer)) return pushResult(result, X.producer);
  const plain = formOf(opcode, 0);
  if (X.inAcc && formOf(opcode, 1) != NONE) {
    takeAcc(X);
    return pushResult(result, emit(formOf(opcode, 1)));
  }
  pushResult(result, withSlot(plain, slotOf(X)));
}

/** eqz of the comparison just made: the comparison is turned round instead. */
function invert(operation: usize): bool {
  const number = <u32>load<u16>(operation);
  if (number >= PAIRED_END) return false;
  const inverse = <u32>load<u16>(INVERSE + (<usize>number << 1));
  if (inverse == NONE) return false;
  store<u16>(operation, inverse);
  return true;
}

function retype(from: u32, to: u32): void {
  if (height > floor && entryType(height - 1) == from) return retypeTop(to);
  pop(X, from);
  pushTemp(to);
}

/** Reads alignment and offset; answers the offset. */
function memoryArgument(alignMax: u32): u32 {
  const align = readU32();
  if (align >= 0x40 && align < 0x80) unsupported(instructionOffset, "multi-memory");
  const distance = readU32();
  if (failed) return 0;
  if (align >= 32) fail(1, offset(), "malformed memop flags");
  else if (align > alignMax) fail(E_INVALID, offset(), "alignment must not be larger than natural");
  return distance;
}

function loadMemory(opcode: u32): void {
  const distance = memoryArgument(signature(opcode, 2));
  pop(X, T_I32);
  if (failed) return;
  const result = signature(opcode, 3);
  if (dead) return pushTemp(result);
  let operation: usize;
  if (X.inAcc) {
    takeAcc(X);
    operation = emit(formOf(opcode, 1));
  } else {
    const slot = slotOf(X);
    operation = emit(formOf(opcode, 0));
    store<u16>(operation, slot, 8);
  }
  store<u32>(operation, distance, 4);
  pushResult(result, operation);
}

function storeMemory(opcode: u32): void {
  const distance = memoryArgument(signature(opcode, 2));
  pop(Y, signature(opcode, 1));
  pop(X, T_I32);
  if (failed || dead) return;
  store<u32>(emitStore(opcode), distance, 4);
}

function emitStore(opcode: u32): usize {
  if (Y.kind == CONST) {
    const slot = X.inAcc ? 0 : slotOf(X);
    if (X.inAcc) takeAcc(X);
    const operation = emit(formOf(opcode, X.inAcc ? AI : SI));
    store<u16>(operation, slot, 2);
    store<u64>(operation, Y.constant, 8);
    return operation;
  }
  if (X.inAcc) {
    takeAcc(X);
    const operation = emit(formOf(opcode, AS));
    store<u16>(operation, slotOf(Y), 2);
    return operation;
  }
  const slot = slotOf(X);
  if (Y.inAcc) {
    takeAcc(Y);
    const operation = emit(formOf(opcode, SA));
    store<u16>(operation, slot, 2);
    return operation;
  }
  const operation = emit(formOf(opcode, SS));
  store<u16>(operation, slot, 2);
  store<u16>(operation, slotOf(Y), 8);
  return operation;
}

/** memory.size (0x3f) and memory.grow (0x40). */
export function lowerMemorySize(opcode: u32, hasMemory: bool): void {
  const index = readByte();
  if (failed) return;
  if (index != 0) return unsupported(instructionOffset, "multi-memory");
  if (!hasMemory) return fail(E_INVALID, offset(), "unknown memory");
  if (opcode == 0x3f) {
    if (dead) return pushTemp(T_I32);
    return pushResult(T_I32, emit(OP_MEMORY_SIZE));
  }
  pop(X, T_I32);
  if (failed) return;
  if (dead) return pushTemp(T_I32);
  const slot = slotOf(X);
  const operation = emit(OP_MEMORY_GROW);
  store<u16>(operation, slot, 4);
  pushResult(T_I32, operation);
}
