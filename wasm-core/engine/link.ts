// Binding an import to another instance's export, with WebAssembly's rules of import matching.
import { E_LINK, errorClear, fail } from "./errors";
import {
  Instance,
  KIND_FUNC,
  KIND_GLOBAL,
  KIND_MEMORY,
  Memory,
  Table,
  bindFunc,
  bindGlobal,
  bindMemory,
  bindTable,
  globalAddress,
  memoryOf,
  tableOf,
} from "./instance";
import { Module, moduleExport, moduleFunc, moduleGlobal, moduleImport, moduleTable } from "./module";
import { exportNumber } from "./names";

/** Binds an import to the export of the same name of `target`; false = no such export or another type, see engineError. */
export function bindExport(inst: usize, importIndex: u32, target: usize): bool {
  errorClear();
  const wanted = moduleImport(changetype<Instance>(inst).module, importIndex);
  const from = changetype<Instance>(target).module;
  const number = exportNumber(from, wanted.fieldPtr, wanted.fieldLen);
  if (number < 0) return refuse(inst, importIndex, "unknown import: the other module does not export it");
  const offered = moduleExport(from, number);
  if (offered.kind != wanted.kind)
    return refuse(inst, importIndex, "incompatible import type: the export is of another kind");
  if (!matches(inst, wanted.index, target, offered.index, wanted.kind))
    return refuse(inst, importIndex, "incompatible import type");
  if (wanted.kind == KIND_FUNC) bindFunc(inst, importIndex, target, offered.index);
  else if (wanted.kind == KIND_GLOBAL) bindGlobal(inst, importIndex, globalAddress(target, offered.index));
  else if (wanted.kind == KIND_MEMORY) bindMemory(inst, memoryOf(target));
  else bindTable(inst, importIndex, tableOf(target, offered.index));
  return true;
}

function refuse(inst: usize, importIndex: u32, text: string): bool {
  const m = changetype<Instance>(inst).module;
  fail(E_LINK, moduleImport(m, importIndex).fieldPtr - m.bytes, text);
  return false;
}

function matches(inst: usize, wanted: u32, target: usize, offered: u32, kind: u32): bool {
  const m: Module = changetype<Instance>(inst).module;
  const from = changetype<Instance>(target).module;
  if (kind == KIND_FUNC) return moduleFunc(m, wanted).type == moduleFunc(from, offered).type;
  if (kind == KIND_GLOBAL) {
    return (
      moduleGlobal(m, wanted).type == moduleGlobal(from, offered).type &&
      moduleGlobal(m, wanted).mutable == moduleGlobal(from, offered).mutable
    );
  }
  if (kind == KIND_MEMORY) {
    const memory = changetype<Memory>(memoryOf(target));
    return limitsMatch(memory.size >>> 16, memory.declaredMax, m.memoryMin, m.memoryMax, m.memoryHasMax);
  }
  const table = changetype<Table>(tableOf(target, offered));
  const type = moduleTable(m, wanted);
  return table.type == type.type && limitsMatch(table.size, table.declaredMax, type.min, type.max, type.hasMax);
}

/** declaredMax 0xffffffff = none. */
function limitsMatch(size: u32, declaredMax: u32, min: u32, max: u32, hasMax: u32): bool {
  return size >= min && (!hasMax || (declaredMax != 0xffffffff && declaredMax <= max));
}
