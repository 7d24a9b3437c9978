// What a module imports and exports, and what its functions are called.
import { Func, Module, moduleExport, moduleFunc, moduleImport } from "./module";
import { Name } from "./reader";

/** A few Name cells in turn, so that a caller may hold several at once. */
const cells: usize = memory.data(64, 8);
let nextCell: usize = 0;

function name(ptr: usize, len: u32): Name {
  const cell = changetype<Name>(cells + nextCell);
  nextCell = (nextCell + 8) & 63;
  cell.ptr = ptr;
  cell.len = len;
  return cell;
}

@inline
function asModule(m: usize): Module {
  return changetype<Module>(m);
}

export function importCount(m: usize): u32 {
  return asModule(m).importCount;
}

/** 0 function, 1 table, 2 memory, 3 global. */
export function importKind(m: usize, i: u32): u32 {
  return moduleImport(asModule(m), i).kind;
}

/** Valid until eight more names were asked for. */
export function importModule(m: usize, i: u32): Name {
  const entry = moduleImport(asModule(m), i);
  return name(entry.modulePtr, entry.moduleLen);
}

export function importField(m: usize, i: u32): Name {
  const entry = moduleImport(asModule(m), i);
  return name(entry.fieldPtr, entry.fieldLen);
}

/** Interned type of a function import. */
export function importType(m: usize, i: u32): usize {
  return funcType(m, moduleImport(asModule(m), i).index);
}

export function exportCount(m: usize): u32 {
  return asModule(m).exportCount;
}

export function exportName(m: usize, i: u32): Name {
  const entry = moduleExport(asModule(m), i);
  return name(entry.namePtr, entry.nameLen);
}

export function exportKind(m: usize, i: u32): u32 {
  return moduleExport(asModule(m), i).kind;
}

/** Index of an export in its own index space. */
export function exportIndex(m: usize, i: u32): u32 {
  return moduleExport(asModule(m), i).index;
}

export function nameHash(ptr: usize, len: u32): u32 {
  let hash: u32 = 0x811c9dc5;
  for (let i: u32 = 0; i < len; i++) hash = rotl<u32>(hash ^ load<u8>(ptr + i), 9) * 0x01000193;
  return hash ^ (hash >>> 15);
}

/** Steps that exportNumber has taken, in the measure of work.ts. */
export let exportSteps: u32 = 0;

/** Export number with this name, -1 = none. */
export function exportNumber(m: Module, namePtr: usize, nameLen: u32): i32 {
  if (!m.exportCount) return -1;
  let next = load<u32>(m.exportBuckets + ((nameHash(namePtr, nameLen) & m.exportBucketMask) << 2));
  while (next) {
    const entry = moduleExport(m, next - 1);
    exportSteps += 1 + (nameLen >>> 3);
    if (entry.nameLen == nameLen && memory.compare(entry.namePtr, namePtr, nameLen) == 0) return next - 1;
    next = entry.next;
  }
  return -1;
}

/** Index (in its index space) of the export with this name and kind, -1 = none. */
export function findExport(m: usize, namePtr: usize, nameLen: u32, kind: u32): i32 {
  const number = exportNumber(asModule(m), namePtr, nameLen);
  if (number < 0) return -1;
  const entry = moduleExport(asModule(m), number);
  return entry.kind == kind ? entry.index : -1;
}

export function funcType(m: usize, funcIndex: u32): usize {
  return moduleFunc(asModule(m), funcIndex).type;
}

/** Name section's name, else an export name, else empty. */
export function funcName(m: usize, funcIndex: u32): Name {
  if (funcIndex >= asModule(m).funcCount) return name(0, 0);
  const func: Func = moduleFunc(asModule(m), funcIndex);
  return func.nameLen ? name(func.namePtr, func.nameLen) : name(func.exportNamePtr, func.exportNameLen);
}

export function hasStart(m: usize): bool {
  return asModule(m).start >= 0;
}

/** Index of the start function, -1 = none; whoever instantiates runs it. */
export function startFunction(m: usize): i32 {
  return asModule(m).start;
}
