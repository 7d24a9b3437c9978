// One instruction: reads its immediates, validates it and lowers it.
import { E_INVALID, fail, failed } from "../errors";
import { refuseInstruction, refuseType } from "../features";
import { Module, moduleType } from "../module";
import { at, malformed, offset, readByte, readFixed32, readSigned, readU32, seek } from "../reader";
import { OP_JUMP, OP_UNREACHABLE, SATURATING_FIRST } from "../generated/opcodes";
import {
  T_ANY,
  T_F32,
  T_F64,
  T_I32,
  T_I64,
  isReference,
  typeParamCount,
  typeParams,
  typeResultCount,
  typeResults,
} from "../types";
import { emitConditional, finishFunction, lowerBr, lowerBrIf, lowerBrTable, popCondition, readLabel } from "./branches";
import { lowerBulk, lowerCall, lowerCallIndirect, lowerRefFunc, lowerTableAccess, lowerTailCall } from "./calls";
import { blockAt, chargePending, closeBlock, emit, instructionOffset, openBlock } from "./emit";
import {
  FRAME_BLOCK,
  FRAME_ELSE,
  FRAME_IF,
  FRAME_LOOP,
  closePath,
  endBlock,
  frameAt,
  frameDepth,
  linkTo,
  pushFrame,
  pushTypes,
  requireTop,
  resolveField,
  setUnreachable,
} from "./frames";
import { CLASS_NONE, classOf, lowerMemorySize, lowerNumeric, unary } from "./numeric";
import {
  accForget,
  accPin,
  dead,
  entryType,
  floor,
  flushAll,
  flushTop,
  height,
  pushConst,
  setDead,
  setFrame,
  truncate,
} from "./operands";
import { readHeapType } from "../valuetypes";
import { drop, globalGet, globalSet, localGet, localSet, localTee, select } from "./variables";

/** Signatures of blocks without a type index: one byte per value type, at its own address. */
const singles: usize = memory.data<u8>([0x7f, 0x7e, 0x7d, 0x7c, 0x70, 0x6f]);

let blockParams: usize = 0;
let blockParamCount: u32 = 0;
let blockResults: usize = 0;
let blockResultCount: u32 = 0;

function readBlockType(m: Module): void {
  blockParams = singles;
  blockParamCount = 0;
  blockResults = singles;
  blockResultCount = 0;
  const start = offset();
  const code = readSigned(33);
  const length = offset() - start;
  if (failed || code == -64) return;
  if (code >= 0) {
    if (code >= <i64>m.typeCount) return fail(E_INVALID, offset(), "unknown type");
    const type = moduleType(m, <u32>code);
    blockParams = typeParams(type);
    blockParamCount = typeParamCount(type);
    blockResults = typeResults(type);
    blockResultCount = typeResultCount(type);
    return;
  }
  const single = <u32>(code & 0x7f);
  blockResultCount = 1;
  for (let i: usize = 0; i < 6; i++) {
    if (load<u8>(singles + i) == single) {
      blockResults = singles + i;
      return;
    }
  }
  if (length > 1) malformed("malformed block type");
  else refuseType(offset() - 1, single, "malformed block type");
}

function openFrame(m: Module, kind: u32): void {
  readBlockType(m);
  if (failed) return;
  if (kind == FRAME_IF) popCondition();
  requireTop(blockParams, blockParamCount);
  if (failed) return;
  flushAll();
  let elseFixup: usize = 0;
  if (kind == FRAME_IF && !dead) {
    accPin();
    elseFixup = emitConditional(true) + 4;
    openBlock();
  }
  pushFrame(kind, blockParams, blockParamCount, blockResults, blockResultCount);
  if (failed) return;
  frameAt(0).elseFixup = elseFixup;
  if (kind == FRAME_LOOP && !dead) {
    chargePending();
    openBlock();
    accForget();
    frameAt(0).head = blockAt;
  }
}

function lowerElse(): void {
  const f = frameAt(0);
  if (f.kind != FRAME_IF) return fail(E_INVALID, offset(), "else without if");
  closePath(f);
  if (failed) return;
  if (!dead) {
    flushTop(f.nresults);
    linkTo(f, emit(OP_JUMP) + 4, 0);
    closeBlock();
  }
  truncate(f.floor);
  setFrame(f.floor, false);
  f.kind = FRAME_ELSE;
  setDead(!f.born);
  if (f.elseFixup) {
    openBlock();
    accForget();
    resolveField(f.elseFixup, 0, blockAt);
    f.elseFixup = 0;
  }
  pushTypes(f.params, f.nparams);
}

/** Structure, branches and calls: 0x00–0x13. */
function control(m: Module, opcode: u32): void {
  switch (opcode) {
    case 0x00:
      if (!dead) {
        emit(OP_UNREACHABLE);
        closeBlock();
      }
      return setUnreachable();
    case 0x01:
      return;
    case 0x02:
      return openFrame(m, FRAME_BLOCK);
    case 0x03:
      return openFrame(m, FRAME_LOOP);
    case 0x04:
      return openFrame(m, FRAME_IF);
    case 0x05:
      return lowerElse();
    case 0x0b:
      return frameDepth == 1 ? finishFunction() : endBlock();
    case 0x0c:
      return branch(false);
    case 0x0d:
      return branch(true);
    case 0x0e:
      return lowerBrTable();
    case 0x0f:
      return lowerBr(frameAt(frameDepth - 1));
    case 0x10: {
      const index = readU32();
      if (!failed) lowerCall(m, index);
      return;
    }
    case 0x11:
      return lowerCallIndirect(m, false);
    case 0x12: {
      const index = readU32();
      if (!failed) lowerTailCall(m, index);
      return;
    }
    case 0x13:
      return lowerCallIndirect(m, true);
    default:
      return refuseInstruction(instructionOffset, opcode);
  }
}

function branch(conditional: bool): void {
  const f = readLabel();
  if (failed) return;
  if (conditional) lowerBrIf(f);
  else lowerBr(f);
}

/** Variables, constants, references and sizes. */
function simple(m: Module, opcode: u32): void {
  switch (opcode) {
    case 0x1a:
      return drop();
    case 0x1b:
      return select(false);
    case 0x1c:
      return select(true);
    case 0x20:
      return localGet();
    case 0x21:
      return localSet();
    case 0x22:
      return localTee();
    case 0x23:
      return globalGet(m);
    case 0x24:
      return globalSet(m);
    case 0x25:
      return lowerTableAccess(m, false);
    case 0x26:
      return lowerTableAccess(m, true);
    case 0x3f:
    case 0x40:
      return lowerMemorySize(opcode, m.memoryCount > 0);
    default:
      return constant(m, opcode);
  }
}

function constant(m: Module, opcode: u32): void {
  switch (opcode) {
    case 0x41:
      return pushConst(T_I32, <u64>(<u32>readSigned(32)));
    case 0x42:
      return pushConst(T_I64, readSigned(64));
    case 0x43:
      return pushConst(T_F32, <u64>readFixed32());
    case 0x44: {
      const low = <u64>readFixed32();
      return pushConst(T_F64, low | ((<u64>readFixed32()) << 32));
    }
    case 0xd0:
      return pushConst(readHeapType(), 0);
    case 0xd1: {
      const type = height > floor ? entryType(height - 1) : T_ANY;
      if (type != T_ANY && !isReference(type))
        return fail(E_INVALID, offset(), "type mismatch: ref.is_null needs a reference");
      return unary(0x50, type, T_I32);
    }
    case 0xd2:
      return lowerRefFunc(m);
    case 0xfc:
      return prefixed(m);
    default:
      return refuseInstruction(instructionOffset, opcode);
  }
}

function prefixed(m: Module): void {
  const start = at;
  const code = readU32();
  if (failed) return;
  if (code >= 8 && code <= 17) return lowerBulk(m, code);
  if (code < 8) return saturating(code);
  seek(start);
  refuseInstruction(instructionOffset, 0xfc);
}

/** Conversions with saturation: bit 0 unsigned, bit 1 from f64, bit 2 to i64. */
function saturating(code: u32): void {
  unary(SATURATING_FIRST + code, code & 2 ? T_F64 : T_F32, code & 4 ? T_I64 : T_I32);
}

export function instruction(m: Module, opcode: u32): void {
  if (failed) return;
  const kind = classOf(opcode);
  if (kind != CLASS_NONE) lowerNumeric(opcode, kind, m.memoryCount > 0);
  else if (opcode < 0x1a) control(m, opcode);
  else simple(m, opcode);
}
