// Second half of instantiation: initial values of globals, element and data segments, in WebAssembly's order.
import { memoryInit, tableInit } from "./bulk";
import { E_INIT, E_LINK, errorClear, fail } from "./errors";
import { evaluate } from "./expression";
import { Instance, instanceTable, unboundImport } from "./instance";
import { moduleData, moduleElement, moduleGlobal, moduleImport } from "./module";
import { MODE_ACTIVE, MODE_DECLARED } from "./segments";

/** Initialises an instance whose imports are bound; false = an import is unbound or a segment does not fit, see engineError. */
export function instanceInit(at: usize): bool {
  errorClear();
  const inst = changetype<Instance>(at);
  const m = inst.module;
  if (unboundImport(at) >= 0) {
    fail(E_LINK, moduleImport(m, unboundImport(at)).fieldPtr - m.bytes, "unknown import: nothing is bound to it");
    return false;
  }
  for (let i = m.globalImports; i < m.globalCount; i++) {
    store<u64>(inst.globals + ((i - m.globalImports) << 3), evaluate(inst, moduleGlobal(m, i).init));
  }
  return initElements(inst) && initData(inst);
}

function initElements(inst: Instance): bool {
  const m = inst.module;
  for (let i: u32 = 0; i < m.elementCount; i++) {
    const element = moduleElement(m, i);
    if (element.mode == MODE_ACTIVE) {
      const slot = <u32>evaluate(inst, element.offsetInit);
      if (tableInit(inst, i, instanceTable(inst, element.table), slot, 0, element.count)) {
        fail(E_INIT, element.offsetInit, "out of bounds table access: an element segment does not fit");
        return false;
      }
    }
    if (element.mode == MODE_ACTIVE || element.mode == MODE_DECLARED) store<u8>(inst.dropped + i, 1);
  }
  return true;
}

function initData(inst: Instance): bool {
  const m = inst.module;
  for (let i: u32 = 0; i < m.dataCount; i++) {
    const data = moduleData(m, i);
    if (data.mode != MODE_ACTIVE) continue;
    if (memoryInit(inst, i, <u32>evaluate(inst, data.offsetInit), 0, data.length)) {
      fail(E_INIT, data.offsetInit, "out of bounds memory access: a data segment does not fit");
      return false;
    }
    store<u8>(inst.dropped + m.elementCount + i, 1);
  }
  return true;
}
