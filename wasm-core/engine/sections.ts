// Decodes and validates the sections that declare: types, imports, functions, tables, memories, globals, exports, start.
import { immutableAlloc } from "../memory/arena";
import { E_INVALID, E_LIMIT, E_MEMORY, fail, failed, unsupported } from "./errors";
import { constantExpression } from "./expression";
import { refuseLimits, refuseTypeForm } from "./features";
import { KIND_FUNC, KIND_GLOBAL, KIND_MEMORY, KIND_TABLE } from "./instance";
import { engineLimits } from "./limits";
import {
  Func,
  Global,
  Import,
  Export,
  Module,
  TableType,
  moduleExport,
  moduleFunc,
  moduleGlobal,
  moduleImport,
  moduleTable,
  moduleType,
} from "./module";
import { exportNumber, exportSteps, nameHash } from "./names";
import { at, end, malformed, nameLength, offset, readByte, readName, readU32 } from "./reader";
import { internType, typeParamCount, typeResultCount } from "./types";
import { readReferenceType, readValueType } from "./valuetypes";
import { addWork } from "./work";

/** Pages of 64 KiB that 32-bit addresses reach. */
const PAGES_MAX: u32 = 65536;

export function invalid(text: string): void {
  fail(E_INVALID, offset(), text);
}

/** Room for records; fails when memory is used up. */
export function records(count: u32, bytes: usize): usize {
  const address = immutableAlloc(<usize>count * bytes + 8);
  if (!address) fail(E_MEMORY, offset(), "the instance's memory (96 MiB) is used up");
  return address;
}

/** Reads a count of things that take at least `bytes` each, so that a lie cannot make anything large. */
export function readCount(limit: u32, bytes: u32): u32 {
  const count = readU32();
  if (failed) return 0;
  if (<u64>count * bytes > <u64>(end - at)) malformed("unexpected end: a count promises more than its section holds");
  else if (count > limit) fail(E_LIMIT, offset(), "too many entries: over the engine's limit");
  return failed ? 0 : count;
}

export function decodeTypes(m: Module): void {
  m.typeCount = readCount(engineLimits.types, 2);
  m.types = records(m.typeCount, 4);
  const buffer = memory.data(2048);
  for (let i: u32 = 0; i < m.typeCount && !failed; i++) {
    const form = readByte();
    if (failed) return;
    if (form != 0x60) return refuseTypeForm(offset() - 1, form);
    const nparams = readTypes(buffer);
    const nresults = readTypes(buffer + 1024);
    if (failed) return;
    const type = internType(buffer, nparams, buffer + 1024, nresults);
    if (!type) return fail(E_MEMORY, offset(), "the instance's memory (96 MiB) is used up");
    store<u32>(m.types + (i << 2), type);
  }
}

function readTypes(to: usize): u32 {
  const count = readCount(min<u32>(engineLimits.arity, 1000), 1);
  for (let i: u32 = 0; i < count && !failed; i++) store<u8>(to + i, readValueType());
  return count;
}

/** Reads limits into limitMin, limitMax, limitHasMax. */
function readLimits(isMemory: bool): void {
  const flags = readByte();
  if (failed) return;
  if (flags > 1) return refuseLimits(offset() - 1, flags, isMemory);
  limitMin = readU32();
  limitHasMax = flags;
  limitMax = flags ? readU32() : 0;
  if (failed) return;
  if (isMemory && (limitMin > PAGES_MAX || limitMax > PAGES_MAX))
    invalid("memory size must be at most 65536 pages (4GiB)");
  else if (limitHasMax && limitMax < limitMin) invalid("size minimum must not be greater than maximum");
}

let limitMin: u32 = 0;
let limitMax: u32 = 0;
let limitHasMax: u32 = 0;

function readTable(table: TableType): void {
  const where = offset();
  const isInitialised = at < end && load<u8>(at) == 0x40;
  if (isInitialised) return unsupported(where, "GC (typed function references: tables with initialiser)");
  const type = readReferenceType();
  if (!failed) readLimits(false);
  if (failed) return;
  table.type = type;
  table.min = limitMin;
  table.max = limitMax;
  table.hasMax = limitHasMax;
}

function readMemory(m: Module): void {
  const where = offset();
  readLimits(true);
  if (failed) return;
  m.memoryCount += 1;
  if (m.memoryCount > 1) return unsupported(where, "multi-memory");
  m.memoryMin = limitMin;
  m.memoryMax = limitMax;
  m.memoryHasMax = limitHasMax;
}

function readGlobal(global: Global): void {
  global.type = readValueType();
  const mutable = readByte();
  if (failed) return;
  if (mutable > 1) return malformed("malformed mutability");
  global.mutable = mutable;
}

/** Imports come first in every index space; later sections move the records to larger arrays. */
export function decodeImports(m: Module): void {
  m.importCount = readCount(engineLimits.entries, 4);
  m.imports = records(m.importCount, offsetof<Import>());
  m.funcs = records(m.importCount, offsetof<Func>());
  m.tables = records(m.importCount, offsetof<TableType>());
  m.globals = records(m.importCount, offsetof<Global>());
  for (let i: u32 = 0; i < m.importCount && !failed; i++) {
    const entry = moduleImport(m, i);
    entry.modulePtr = readName();
    entry.moduleLen = nameLength;
    entry.fieldPtr = readName();
    entry.fieldLen = nameLength;
    entry.kind = readByte();
    if (failed) return;
    decodeImport(m, entry);
  }
  m.memoryImports = m.memoryCount;
}

function decodeImport(m: Module, entry: Import): void {
  if (entry.kind == KIND_FUNC) {
    const type = readU32();
    if (failed) return;
    if (type >= m.typeCount) return invalid("unknown type");
    const func = moduleFunc(m, m.funcImports);
    func.type = moduleType(m, type);
    func.index = m.funcImports;
    func.module = changetype<usize>(m);
    entry.index = m.funcImports;
    m.funcImports += 1;
    m.funcCount += 1;
  } else if (entry.kind == KIND_TABLE) {
    readTable(moduleTable(m, m.tableImports));
    entry.index = m.tableImports;
    m.tableImports += 1;
    m.tableCount += 1;
  } else if (entry.kind == KIND_MEMORY) {
    readMemory(m);
  } else if (entry.kind == KIND_GLOBAL) {
    readGlobal(moduleGlobal(m, m.globalImports));
    entry.index = m.globalImports;
    m.globalImports += 1;
    m.globalCount += 1;
  } else if (entry.kind == 4) unsupported(offset() - 1, "exceptions (tag import)");
  else malformed("malformed import kind");
}

/** A larger array with the first `count` records copied. */
function extend(old: usize, count: u32, added: u32, bytes: usize): usize {
  const address = records(count + added, bytes);
  if (!failed) memory.copy(address, old, <usize>count * bytes);
  return address;
}

export function decodeFunctions(m: Module): void {
  const count = readCount(engineLimits.functions, 1);
  m.funcs = extend(m.funcs, m.funcCount, count, offsetof<Func>());
  for (let i: u32 = 0; i < count && !failed; i++) {
    const type = readU32();
    if (failed) return;
    if (type >= m.typeCount) return invalid("unknown type");
    const func = moduleFunc(m, m.funcCount);
    func.type = moduleType(m, type);
    func.index = m.funcCount;
    func.module = changetype<usize>(m);
    m.funcCount += 1;
  }
}

export function decodeTables(m: Module): void {
  const count = readCount(engineLimits.entries, 3);
  m.tables = extend(m.tables, m.tableCount, count, offsetof<TableType>());
  for (let i: u32 = 0; i < count && !failed; i++) {
    readTable(moduleTable(m, m.tableCount));
    m.tableCount += 1;
  }
}

export function decodeMemories(m: Module): void {
  const count = readCount(engineLimits.entries, 2);
  for (let i: u32 = 0; i < count && !failed; i++) readMemory(m);
}

export function decodeGlobals(m: Module): void {
  const count = readCount(engineLimits.entries, 3);
  m.globals = extend(m.globals, m.globalCount, count, offsetof<Global>());
  for (let i: u32 = 0; i < count && !failed; i++) {
    const global = moduleGlobal(m, m.globalCount);
    readGlobal(global);
    if (failed) return;
    global.init = offset();
    constantExpression(m, global.type);
    m.globalCount += 1;
  }
}

function buckets(count: u32): u32 {
  let size: u32 = 4;
  while (size < count) size <<= 1;
  return size;
}

export function decodeExports(m: Module): void {
  const count = readCount(engineLimits.entries, 3);
  m.exports = records(count, offsetof<Export>());
  const size = buckets(count);
  m.exportBuckets = records(size, 4);
  m.exportBucketMask = size - 1;
  for (let i: u32 = 0; i < count && !failed; i++) {
    const entry = moduleExport(m, i);
    entry.namePtr = readName();
    entry.nameLen = nameLength;
    entry.kind = readByte();
    if (entry.kind == 4) unsupported(offset() - 1, "exceptions (tag export)");
    entry.index = readU32();
    if (failed) return;
    checkExport(m, entry);
    const before = exportSteps;
    if (exportNumber(m, entry.namePtr, entry.nameLen) >= 0) return invalid("duplicate export name");
    addWork(exportSteps - before);
    const bucket = m.exportBuckets + ((nameHash(entry.namePtr, entry.nameLen) & m.exportBucketMask) << 2);
    entry.next = load<u32>(bucket);
    store<u32>(bucket, i + 1);
    m.exportCount += 1;
  }
}

function checkExport(m: Module, entry: Export): void {
  if (entry.kind == KIND_FUNC) {
    if (entry.index >= m.funcCount) return invalid("unknown function");
    declareRef(m, entry.index);
    const func = moduleFunc(m, entry.index);
    if (func.exportNameLen) return;
    func.exportNamePtr = entry.namePtr;
    func.exportNameLen = entry.nameLen;
  } else if (entry.kind == KIND_TABLE) {
    if (entry.index >= m.tableCount) invalid("unknown table");
  } else if (entry.kind == KIND_MEMORY) {
    if (entry.index >= m.memoryCount) invalid("unknown memory");
  } else if (entry.kind == KIND_GLOBAL) {
    if (entry.index >= m.globalCount) invalid("unknown global");
  } else malformed("malformed export kind");
}

/** Notes that a function may be the operand of ref.func: it occurs outside function bodies. */
export function declareRef(m: Module, index: u32): void {
  if (!m.declaredRefs) m.declaredRefs = records(m.funcCount, 1);
  if (!failed) store<u8>(m.declaredRefs + index, 1);
}

export function decodeStart(m: Module): void {
  const index = readU32();
  if (failed) return;
  if (index >= m.funcCount) return invalid("unknown function");
  const type = moduleFunc(m, index).type;
  if (typeParamCount(type) || typeResultCount(type))
    return invalid("start function must have no parameters and no results");
  m.start = index;
}
