// Constant expressions: checked when the module is decoded, evaluated when it is instantiated. Extended constants included.
import { E_INVALID, E_LIMIT, fail, failed, unsupported } from "./errors";
import { refuseInstruction } from "./features";
import { Instance, funcRefOf } from "./instance";
import { Element, Module, moduleGlobal } from "./module";
import { at, end, offset, readByte, readSigned, readU32, readerStart, seek, skip } from "./reader";
import { declareRef } from "./sections";
import { T_F32, T_F64, T_FUNCREF, T_I32, T_I64 } from "./types";
import { readHeapType } from "./valuetypes";

const DEPTH_MAX: u32 = 256;
const types: usize = memory.data(256);
const values: usize = memory.data(2048, 8);

function mismatch(): void {
  fail(E_INVALID, offset(), "type mismatch in a constant expression");
}

/** Reads and checks one expression of this type, its `end` included. */
export function constantExpression(m: Module, type: u32): void {
  let depth: u32 = 0;
  while (!failed) {
    const opcode = readByte();
    if (failed) return;
    if (opcode == 0x0b) break;
    if (opcode == 0x6a || opcode == 0x6b || opcode == 0x6c || opcode == 0x7c || opcode == 0x7d || opcode == 0x7e) {
      const wanted: u32 = opcode < 0x70 ? T_I32 : T_I64;
      if (depth < 2 || load<u8>(types + depth - 1) != wanted || load<u8>(types + depth - 2) != wanted)
        return mismatch();
      depth -= 1;
      continue;
    }
    if (depth == DEPTH_MAX) return fail(E_LIMIT, offset(), "constant expression too deep: over the engine's limit");
    store<u8>(types + depth, constantType(m, opcode));
    depth += 1;
  }
  if (failed) return;
  if (depth != 1 || load<u8>(types) != type) mismatch();
}

/** Reads the immediate of an instruction that pushes a constant; answers its type. */
function constantType(m: Module, opcode: u32): u32 {
  const where = offset() - 1;
  if (opcode == 0x41) readSigned(32);
  else if (opcode == 0x42) {
    readSigned(64);
    return T_I64;
  } else if (opcode == 0x43) {
    skip(4);
    return T_F32;
  } else if (opcode == 0x44) {
    skip(8);
    return T_F64;
  } else if (opcode == 0x23) return constantGlobal(m, where, readU32());
  else if (opcode == 0xd0) {
    return readHeapType();
  } else if (opcode == 0xd2) {
    const index = readU32();
    if (!failed && index >= m.funcCount) fail(E_INVALID, offset(), "unknown function");
    if (!failed) declareRef(m, index);
    return T_FUNCREF;
  } else if (isInstruction(opcode)) fail(E_INVALID, where, "constant expression required");
  else refuseInstruction(where, opcode);
  return T_I32;
}

/** Is this an instruction of the supported language, if one that may not stand here? */
function isInstruction(opcode: u32): bool {
  if (opcode == 0xfc) return at < end && load<u8>(at) <= 17;
  return (
    opcode <= 0x05 ||
    (opcode >= 0x0b && opcode <= 0x13) ||
    (opcode >= 0x1a && opcode <= 0x1c) ||
    (opcode >= 0x20 && opcode <= 0xc4 && opcode != 0x27) ||
    opcode == 0xd1
  );
}

function constantGlobal(m: Module, where: u32, index: u32): u32 {
  if (failed) return T_I32;
  if (index >= m.globalCount) {
    fail(E_INVALID, offset(), "unknown global");
    return T_I32;
  }
  const global = moduleGlobal(m, index);
  if (global.mutable) fail(E_INVALID, offset(), "constant expression required: the global must be immutable");
  else if (index >= m.globalImports) unsupported(where, "GC (a constant expression that reads a global of its module)");
  return global.type;
}

/** Value of the (checked) expression at this offset of the instance's module. */
export function evaluate(inst: Instance, start: u32): u64 {
  const m = inst.module;
  readerStart(m.bytes, m.length);
  seek(m.bytes + start);
  let depth: usize = 0;
  while (true) {
    const opcode = readByte();
    if (opcode == 0x0b) return load<u64>(values);
    if (opcode >= 0x6a && opcode <= 0x7e) {
      depth -= 1;
      const x = load<u64>(values + ((depth - 1) << 3));
      const y = load<u64>(values + (depth << 3));
      const kind = opcode < 0x70 ? opcode - 0x6a : opcode - 0x7c;
      const value = kind == 0 ? x + y : kind == 1 ? x - y : x * y;
      store<u64>(values + ((depth - 1) << 3), opcode < 0x70 ? value & 0xffffffff : value);
      continue;
    }
    store<u64>(values + (depth << 3), constantValue(inst, opcode));
    depth += 1;
  }
}

function constantValue(inst: Instance, opcode: u32): u64 {
  if (opcode == 0x41) return <u64>(<u32>readSigned(32));
  if (opcode == 0x42) return readSigned(64);
  if (opcode == 0x23) return load<u64>(load<u32>(inst.globalCells + (readU32() << 2)));
  if (opcode == 0xd2) return funcRefOf(changetype<usize>(inst), readU32());
  const bits = at;
  skip(opcode == 0x43 ? 4 : opcode == 0x44 ? 8 : 1);
  return opcode == 0x43 ? <u64>load<u32>(bits) : opcode == 0x44 ? load<u64>(bits) : 0;
}

/** Element items: {kind u32, index u32}. */
export const ITEM_NULL: u32 = 0;
export const ITEM_FUNC: u32 = 1;
export const ITEM_GLOBAL: u32 = 2;

/** Value of item i of an element segment. */
export function elementValue(inst: Instance, element: Element, i: u32): u64 {
  const item = element.items + ((<usize>i) << 3);
  const kind = load<u32>(item);
  if (kind == ITEM_NULL) return 0;
  if (kind == ITEM_FUNC) return funcRefOf(changetype<usize>(inst), load<u32>(item, 4));
  return load<u64>(load<u32>(inst.globalCells + (load<u32>(item, 4) << 2)));
}

/** Reads and checks one element expression (a single reference instruction) and writes it as an item. */
export function elementExpression(m: Module, type: u32, item: usize): void {
  const start = at;
  constantExpression(m, type);
  if (failed) return;
  const stop = at;
  seek(start);
  const opcode = readByte();
  store<u32>(item, opcode == 0xd2 ? ITEM_FUNC : opcode == 0x23 ? ITEM_GLOBAL : ITEM_NULL);
  if (opcode != 0xd0) store<u32>(item, readU32(), 4);
  seek(stop);
}
