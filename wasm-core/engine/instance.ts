// Instances: a module's mutable state. Shared things (memory, tables, functions) are reached through records, so imports are plain pointers.
//
//   Instance (hot): | fields | global 0 u64 | global 1 u64 | … | dropped flags   imported globals are reached through globalCells
import { hotAlloc, immutableAlloc, markDirtyRange, pagedAlloc, pagedExtend } from "../memory/arena";
import { E_LINK, E_MEMORY, errorClear, fail } from "./errors";
import { engineLimits } from "./limits";
import { Export, Func, Import, Module, moduleExport, moduleFunc, moduleGlobal, moduleImport, moduleTable } from "./module";
import { T_FUNCREF } from "./types";

export const KIND_FUNC: u32 = 0;
export const KIND_TABLE: u32 = 1;
export const KIND_MEMORY: u32 = 2;
export const KIND_GLOBAL: u32 = 3;

@unmanaged
export class Memory {
  base: usize;
  /** Present size in bytes; a multiple of 64 KiB. */
  size: u32;
  /** The most pages that memory.grow may reach. */
  pagesMax: u32;
  /** Pages that there is room for at base. */
  pagesReserved: u32;
  /** Declared maximum for import matching; 0xffffffff = none. */
  declaredMax: u32;
}

/** Entries are u64: 0 = null, else a FuncRef address (funcref) or the host's value + 1 (externref). */
@unmanaged
export class Table {
  base: usize;
  size: u32;
  max: u32;
  type: u32;
  declaredMax: u32;
}

/** A function of an instance as a value: what funcref entries point at. */
@unmanaged
export class FuncRef {
  type: usize;
  /** null = served by the host. */
  func: usize;
  instance: usize;
  hostId: u32;
}

@unmanaged
export class Instance {
  module: Module;
  memory: Memory;
  /** Table addresses, u32 each. */
  tables: usize;
  /** FuncRef records, imports first. */
  funcs: usize;
  /** Address of every global's slot, u32 each, imports first. */
  globalCells: usize;
  /** One byte per element segment, then one per data segment: 1 = dropped. */
  dropped: usize;
  /** Own globals, 8 bytes each. */
  globals: usize;
  tag: u32;
}

@inline
export function instanceFunc(inst: Instance, i: u32): FuncRef {
  return changetype<FuncRef>(inst.funcs + <usize>i * offsetof<FuncRef>());
}

@inline
export function instanceTable(inst: Instance, i: u32): Table {
  return changetype<Table>(<usize>load<u32>(inst.tables + (<usize>i << 2)));
}

/** Creates an instance: memory and tables at their minimum (room for the maximum is reserved), globals zero. 0 = no memory, see engineError. */
export function instanceCreate(m: usize): usize {
  errorClear();
  const module = changetype<Module>(m);
  const own = (module.globalCount - module.globalImports) << 3;
  const flags = (module.elementCount + module.dataCount + 7) & ~7;
  const header = (offsetof<Instance>() + 7) & ~7;
  const at = hotAlloc(header + flags + own);
  const inst = changetype<Instance>(at);
  if (!at) return outOfMemory();
  inst.module = module;
  // Code names globals by their offset, before the segments are counted: they come first.
  inst.globals = at + header;
  inst.dropped = at + header + own;
  inst.funcs = immutableAlloc(module.funcCount * offsetof<FuncRef>());
  inst.globalCells = immutableAlloc((module.globalCount << 2) + 4);
  inst.tables = immutableAlloc((module.tableCount << 2) + 4);
  if (!inst.funcs || !inst.globalCells || !inst.tables) return outOfMemory();
  for (let i: u32 = 0; i < module.funcCount; i++) {
    const ref = instanceFunc(inst, i);
    ref.type = moduleFunc(module, i).type;
    if (i < module.funcImports) continue;
    ref.func = changetype<usize>(moduleFunc(module, i));
    ref.instance = at;
  }
  for (let i = module.globalImports; i < module.globalCount; i++) {
    store<u32>(inst.globalCells + (i << 2), inst.globals + ((i - module.globalImports) << 3));
  }
  if (!createTables(inst) || !createMemory(inst)) return outOfMemory();
  return at;
}

function outOfMemory(): usize {
  fail(E_MEMORY, 0, "the instance's memory (96 MiB, 256 KiB of it hot) is used up");
  return 0;
}

function createTables(inst: Instance): bool {
  const module = inst.module;
  for (let i = module.tableImports; i < module.tableCount; i++) {
    const type = moduleTable(module, i);
    const at = tableCreate(type.type, type.min, type.hasMax ? type.max : 0xffffffff);
    if (!at) return false;
    store<u32>(inst.tables + (i << 2), at);
  }
  return true;
}

/** A table of its own; max 0xffffffff = none declared. 0 = no memory. */
export function tableCreate(type: u32, min: u32, max: u32): usize {
  if (min > engineLimits.tableEntries) return 0;
  const at = hotAlloc(offsetof<Table>());
  if (!at) return 0;
  const table = changetype<Table>(at);
  table.type = type;
  table.size = min;
  table.declaredMax = max;
  table.max = max < engineLimits.tableEntries ? max : engineLimits.tableEntries;
  table.base = pagedAlloc((<usize>table.max << 3) + 8);
  return table.base ? at : 0;
}

function createMemory(inst: Instance): bool {
  const module = inst.module;
  if (module.memoryImports) return true;
  const at = module.memoryCount ? memoryCreate(module.memoryMin, module.memoryHasMax ? module.memoryMax : 0xffffffff) : memoryCreate(0, 0);
  inst.memory = changetype<Memory>(at);
  return at != 0;
}

/** A memory of its own; max in pages, 0xffffffff = none declared. 0 = no memory. */
export function memoryCreate(min: u32, max: u32): usize {
  const most = max < engineLimits.memoryPages ? max : engineLimits.memoryPages;
  if (min > most) return 0;
  const at = hotAlloc(offsetof<Memory>());
  if (!at) return 0;
  const memory = changetype<Memory>(at);
  memory.pagesMax = most;
  memory.declaredMax = max;
  const ahead = most < engineLimits.memoryReservePages ? most : engineLimits.memoryReservePages;
  const reserved = min > ahead ? min : ahead;
  if (reserved && !memoryReserve(memory, reserved)) return 0;
  memory.size = min << 16;
  return at;
}

/** Gives a memory room for this many pages; what it holds moves along. */
export function memoryReserve(memory: Memory, pages: u32): bool {
  if (memory.pagesReserved && pagedExtend(memory.base, <usize>pages << 16)) {
    memory.pagesReserved = pages;
    return true;
  }
  const base = pagedAlloc(<usize>pages << 16);
  if (!base) return false;
  if (memory.size) moveBytes(base, memory.base, memory.size);
  memory.base = base;
  memory.pagesReserved = pages;
  return true;
}

function moveBytes(to: usize, from: usize, length: usize): void {
  memory.copy(to, from, length);
  markDirtyRange(to, length);
}

@inline
function importedRef(inst: usize, importIndex: u32): FuncRef {
  const i = changetype<Instance>(inst);
  return instanceFunc(i, moduleImport(i.module, importIndex).index);
}

/** Serves a function import by the host handler, under this id. */
export function bindHost(inst: usize, importIndex: u32, hostId: u32): void {
  const ref = importedRef(inst, importIndex);
  ref.func = 0;
  ref.instance = inst;
  ref.hostId = hostId;
}

/** Binds a function import to another instance's function; the types must be equal (see importType, funcType). */
export function bindFunc(inst: usize, importIndex: u32, target: usize, funcIndex: u32): void {
  const from = instanceFunc(changetype<Instance>(target), funcIndex);
  const ref = importedRef(inst, importIndex);
  ref.func = from.func;
  ref.instance = from.instance;
  ref.hostId = from.hostId;
}

/** Binds a memory import to a Memory (memoryOf another instance). */
export function bindMemory(inst: usize, memory: usize): void {
  changetype<Instance>(inst).memory = changetype<Memory>(memory);
}

/** Binds a table import to a Table (tableOf another instance). */
export function bindTable(inst: usize, importIndex: u32, table: usize): void {
  const i = changetype<Instance>(inst);
  store<u32>(i.tables + (moduleImport(i.module, importIndex).index << 2), table);
}

/** Binds a global import to an 8-byte slot (globalAddress of another instance). */
export function bindGlobal(inst: usize, importIndex: u32, cell: usize): void {
  const i = changetype<Instance>(inst);
  store<u32>(i.globalCells + (moduleImport(i.module, importIndex).index << 2), cell);
}

export function memoryOf(inst: usize): usize {
  return changetype<usize>(changetype<Instance>(inst).memory);
}

export function tableOf(inst: usize, index: u32): usize {
  return changetype<usize>(instanceTable(changetype<Instance>(inst), index));
}

/** The instance's FuncRef of a function: the value of a funcref. */
export function funcRefOf(inst: usize, index: u32): usize {
  return changetype<usize>(instanceFunc(changetype<Instance>(inst), index));
}

export function instanceModule(inst: usize): usize {
  return changetype<usize>(changetype<Instance>(inst).module);
}

export function instanceTag(inst: usize): u32 {
  return changetype<Instance>(inst).tag;
}

export function instanceSetTag(inst: usize, tag: u32): void {
  changetype<Instance>(inst).tag = tag;
}

/** Address of the instance's linear memory in core memory; fixed for the instance's life. */
export function memoryBase(inst: usize): usize {
  return changetype<Instance>(inst).memory.base;
}

/** Present size of the linear memory in bytes. */
export function memorySize(inst: usize): u32 {
  return changetype<Instance>(inst).memory.size;
}

/** Address of a global's 8-byte slot (i32 zero-extended). */
export function globalAddress(inst: usize, globalIndex: u32): usize {
  return load<u32>(changetype<Instance>(inst).globalCells + (<usize>globalIndex << 2));
}

/** Resolves a slot of table 0 to {instance, function index}, stored as u32 each; false = out of bounds, null or a host function. */
export function tableFunc(inst: usize, slot: u32, outInst: usize, outFunc: usize): bool {
  const i = changetype<Instance>(inst);
  if (i.module.tableCount == 0) return false;
  const table = instanceTable(i, 0);
  if (slot >= table.size || table.type != T_FUNCREF) return false;
  const ref = changetype<FuncRef>(<usize>load<u64>(table.base + (<usize>slot << 3)));
  if (!changetype<usize>(ref) || !ref.func) return false;
  store<u32>(outInst, ref.instance);
  store<u32>(outFunc, changetype<Func>(ref.func).index);
  return true;
}

/** Index of the first function import that nothing was bound to, -1 = all bound. */
export function unboundImport(inst: usize): i32 {
  const i = changetype<Instance>(inst);
  const count = i.module.importCount;
  for (let n: u32 = 0; n < count; n++) {
    const wanted = moduleImport(i.module, n);
    if (wanted.kind == KIND_FUNC && !instanceFunc(i, wanted.index).instance) return n;
    if (wanted.kind == KIND_TABLE && !load<u32>(i.tables + (wanted.index << 2))) return n;
    if (wanted.kind == KIND_GLOBAL && !load<u32>(i.globalCells + (wanted.index << 2))) return n;
    if (wanted.kind == KIND_MEMORY && !changetype<usize>(i.memory)) return n;
  }
  return -1;
}
