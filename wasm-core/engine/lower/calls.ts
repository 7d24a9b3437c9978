// Lowering of calls, tail calls and the rare operations that take their operands from consecutive slots.
import { E_INVALID, fail, failed, unsupported } from "../errors";
import {
  BULK_DATA_DROP,
  BULK_ELEM_DROP,
  BULK_MEMORY_COPY,
  BULK_MEMORY_FILL,
  BULK_MEMORY_INIT,
  BULK_REF_FUNC,
  BULK_TABLE_COPY,
  BULK_TABLE_FILL,
  BULK_TABLE_GET,
  BULK_TABLE_GROW,
  BULK_TABLE_INIT,
  BULK_TABLE_SET,
  BULK_TABLE_SIZE,
  OP_BULK,
  OP_CALL,
  OP_CALL_IMPORT,
  OP_CALL_INDIRECT_A,
  OP_CALL_INDIRECT_S,
  OP_TAIL_CALL,
  OP_TAIL_CALL_INDIRECT_A,
  OP_TAIL_CALL_INDIRECT_S,
} from "../generated/opcodes";
import { Module, moduleElement, moduleFunc, moduleTable, moduleType } from "../module";
import { malformed, offset, readByte, readU32 } from "../reader";
import { T_FUNCREF, T_I32, typeParamCount, typeParams, typeResult, typeResultCount, typeResults } from "../types";
import { chargeValues, linkOffset, lowerBr } from "./branches";
import { closeBlock, emit, instructionOffset, openBlock } from "./emit";
import { frameAt, frameDepth, popTypes, pushTypes, setUnreachable } from "./frames";
import {
  X,
  Z,
  accForget,
  dead,
  flushTop,
  height,
  homes,
  pop,
  pushReturned,
  pushTemp,
  slotOf,
  takeAcc,
} from "./operands";

/** Types the operands by popping them, then pushes what the call returns. */
function pushResults(type: usize): void {
  accForget();
  if (typeResultCount(type) == 1 && !dead) pushReturned(typeResult(type, 0));
  else pushTypes(typeResults(type), typeResultCount(type));
}

export function lowerCall(m: Module, index: u32): void {
  if (index >= m.funcCount) return fail(E_INVALID, offset(), "unknown function");
  const type = moduleFunc(m, index).type;
  flushTop(min<u32>(typeParamCount(type), height));
  popTypes(typeParams(type), typeParamCount(type));
  if (failed) return;
  if (!dead) {
    const imported = index < m.funcImports;
    const at = emit(imported ? OP_CALL_IMPORT : OP_CALL);
    store<u16>(at, homes + height, 2);
    store<u32>(at, imported ? index : changetype<usize>(moduleFunc(m, index)), 4);
    openBlock();
  }
  pushResults(type);
}

/** Tail calls return what their function returns. */
function checkTailType(type: usize): void {
  const f = frameAt(frameDepth - 1);
  if (typeResultCount(type) == f.nresults && memory.compare(typeResults(type), f.results, f.nresults) == 0) return;
  fail(E_INVALID, offset(), "type mismatch: a tail call must return what its function returns");
}

/** A tail call of an import is a call and a return: its frame is not replaced. */
export function lowerTailCall(m: Module, index: u32): void {
  if (index >= m.funcCount) return fail(E_INVALID, offset(), "unknown function");
  const type = moduleFunc(m, index).type;
  checkTailType(type);
  if (failed) return;
  if (index < m.funcImports) {
    lowerCall(m, index);
    return lowerBr(frameAt(frameDepth - 1));
  }
  chargeValues(typeParamCount(type));
  flushTop(min<u32>(typeParamCount(type), height));
  popTypes(typeParams(type), typeParamCount(type));
  if (failed) return;
  if (!dead) {
    const at = emit(OP_TAIL_CALL);
    store<u16>(at, homes + height, 2);
    store<u32>(at, changetype<usize>(moduleFunc(m, index)), 4);
    tailFields(at + 8, type);
    closeBlock();
  }
  setUnreachable();
}

function tailFields(at: usize, type: usize): void {
  store<u32>(at, linkOffset);
  store<u32>(at, typeParamCount(type), 4);
}

/** call_indirect, or return_call_indirect: behind the latter stands a return for callees that cannot replace the frame. */
export function lowerCallIndirect(m: Module, isTail: bool): void {
  const typeIndex = readU32();
  const table = readU32();
  if (failed) return;
  if (table >= m.tableCount) fail(E_INVALID, offset(), "unknown table");
  else if (moduleTable(m, table).type != T_FUNCREF)
    fail(E_INVALID, offset(), "type mismatch: call_indirect needs a table of funcref");
  else if (typeIndex >= m.typeCount) fail(E_INVALID, offset(), "unknown type");
  if (failed) return;
  const type = moduleType(m, typeIndex);
  if (isTail) {
    checkTailType(type);
    chargeValues(typeParamCount(type));
  }
  pop(Z, T_I32);
  flushTop(min<u32>(typeParamCount(type), height));
  const slot = dead || Z.inAcc ? 0 : slotOf(Z);
  const inAcc = Z.inAcc != 0;
  if (!dead && inAcc) takeAcc(Z);
  popTypes(typeParams(type), typeParamCount(type));
  if (failed) return;
  if (!dead) {
    const plain = inAcc ? OP_CALL_INDIRECT_A : OP_CALL_INDIRECT_S;
    const at = emit(isTail ? (inAcc ? OP_TAIL_CALL_INDIRECT_A : OP_TAIL_CALL_INDIRECT_S) : plain);
    store<u16>(at, homes + height, 2);
    store<u16>(at, slot, 4);
    store<u16>(at, table, 6);
    store<u32>(at, type, 8);
    if (isTail) tailFields(at + 16, type);
    openBlock();
  }
  pushResults(type);
  if (isTail) lowerBr(frameAt(frameDepth - 1));
}

/** One operation on the entries just popped, which lie from the top on; `result` 0 = none. */
function bulk(kind: u32, result: u32, first: u32, second: u32): void {
  if (failed) return;
  if (!dead) {
    const at = emit(OP_BULK);
    store<u16>(at, homes + height, 2);
    store<u16>(at, kind, 4);
    store<u32>(at, first, 8);
    store<u32>(at, second, 12);
    accForget();
  }
  if (!result) return;
  if (dead) pushTemp(result);
  else pushReturned(result);
}

/** Pops three operands (a, b, i32), flushed to their homes. */
function popThree(first: u32, second: u32): void {
  flushTop(min<u32>(3, height));
  pop(X, T_I32);
  pop(X, second);
  pop(X, first);
}

function tableIndex(m: Module): u32 {
  const index = readU32();
  if (!failed && index >= m.tableCount) fail(E_INVALID, offset(), "unknown table");
  return failed ? 0 : index;
}

function needsMemory(m: Module): void {
  const index = readByte();
  if (failed) return;
  if (index != 0) unsupported(instructionOffset, "multi-memory");
  else if (!m.memoryCount) fail(E_INVALID, offset(), "unknown memory");
}

/** table.get (0x25) and table.set (0x26). */
export function lowerTableAccess(m: Module, isSet: bool): void {
  const index = tableIndex(m);
  if (failed) return;
  const type = moduleTable(m, index).type;
  flushTop(min<u32>(isSet ? 2 : 1, height));
  if (isSet) pop(X, type);
  pop(X, T_I32);
  if (isSet) bulk(BULK_TABLE_SET, 0, index, 0);
  else bulk(BULK_TABLE_GET, type, index, 0);
}

export function lowerRefFunc(m: Module): void {
  const index = readU32();
  if (failed) return;
  if (index >= m.funcCount) return fail(E_INVALID, offset(), "unknown function");
  if (!m.declaredRefs || !load<u8>(m.declaredRefs + index))
    return fail(E_INVALID, offset(), "undeclared function reference");
  bulk(BULK_REF_FUNC, T_FUNCREF, index, 0);
}

/** The 0xfc instructions from 8 on: bulk memory and tables. */
export function lowerBulk(m: Module, code: u32): void {
  if (code == 8) memoryInit(m);
  else if (code == 9) {
    bulk(BULK_DATA_DROP, 0, dataIndex(m), 0);
  } else if (code == 10) {
    needsMemory(m);
    if (!failed) needsMemory(m);
    popThree(T_I32, T_I32);
    bulk(BULK_MEMORY_COPY, 0, 0, 0);
  } else if (code == 11) {
    needsMemory(m);
    popThree(T_I32, T_I32);
    bulk(BULK_MEMORY_FILL, 0, 0, 0);
  } else if (code == 12) tableInit(m);
  else if (code == 13) {
    bulk(BULK_ELEM_DROP, 0, elementIndex(m), 0);
  } else if (code == 14) tableCopy(m);
  else tableSizes(m, code);
}

function memoryInit(m: Module): void {
  const segment = dataIndex(m);
  needsMemory(m);
  popThree(T_I32, T_I32);
  bulk(BULK_MEMORY_INIT, 0, segment, 0);
}

function dataIndex(m: Module): u32 {
  const index = readU32();
  if (failed) return 0;
  if (!m.hasDataCount) malformed("data count section required");
  else if (index >= m.dataCount) fail(E_INVALID, offset(), "unknown data segment");
  return index;
}

function elementIndex(m: Module): u32 {
  const index = readU32();
  if (!failed && index >= m.elementCount) fail(E_INVALID, offset(), "unknown elem segment");
  return index;
}

function tableInit(m: Module): void {
  const segment = elementIndex(m);
  const table = tableIndex(m);
  if (failed) return;
  if (moduleElement(m, segment).type != moduleTable(m, table).type)
    return fail(E_INVALID, offset(), "type mismatch: the segment's type is not the table's");
  popThree(T_I32, T_I32);
  bulk(BULK_TABLE_INIT, 0, segment, table);
}

function tableCopy(m: Module): void {
  const to = tableIndex(m);
  const from = tableIndex(m);
  if (failed) return;
  if (moduleTable(m, to).type != moduleTable(m, from).type)
    return fail(E_INVALID, offset(), "type mismatch: the tables' types differ");
  popThree(T_I32, T_I32);
  bulk(BULK_TABLE_COPY, 0, to, from);
}

/** table.grow (15), table.size (16), table.fill (17). */
function tableSizes(m: Module, code: u32): void {
  const table = tableIndex(m);
  if (failed) return;
  const type = moduleTable(m, table).type;
  if (code == 15) {
    flushTop(min<u32>(2, height));
    pop(X, T_I32);
    pop(X, type);
    bulk(BULK_TABLE_GROW, T_I32, table, 0);
  } else if (code == 16) bulk(BULK_TABLE_SIZE, T_I32, table, 0);
  else {
    popThree(T_I32, type);
    bulk(BULK_TABLE_FILL, 0, table, 0);
  }
}
