// Element and data segments.
import { E_LIMIT, fail, failed } from "./errors";
import { ITEM_FUNC, constantExpression, elementExpression } from "./expression";
import { engineLimits } from "./limits";
import { Data, Element, Module, moduleData, moduleElement, moduleTable } from "./module";
import { at, base, malformed, offset, readByte, readU32, skip } from "./reader";
import { declareRef, invalid, readCount, records } from "./sections";
import { T_FUNCREF, T_I32 } from "./types";
import { readReferenceType } from "./valuetypes";

export const MODE_ACTIVE: u32 = 0;
export const MODE_PASSIVE: u32 = 1;
export const MODE_DECLARED: u32 = 2;

export function decodeElements(m: Module): void {
  m.elementCount = readCount(engineLimits.entries, 2);
  m.elements = records(m.elementCount, offsetof<Element>());
  for (let i: u32 = 0; i < m.elementCount && !failed; i++) decodeElement(m, moduleElement(m, i));
}

/** Flags: bit 0 passive or declared, bit 1 explicit table or declared, bit 2 expressions. */
function decodeElement(m: Module, element: Element): void {
  const flags = readU32();
  if (failed) return;
  if (flags > 7) return malformed("malformed element segment kind");
  element.mode = flags & 1 ? (flags & 2 ? MODE_DECLARED : MODE_PASSIVE) : MODE_ACTIVE;
  element.type = T_FUNCREF;
  if (element.mode == MODE_ACTIVE) {
    element.table = flags & 2 ? readU32() : 0;
    if (failed) return;
    if (element.table >= m.tableCount) return invalid("unknown table");
    element.offsetInit = offset();
    constantExpression(m, T_I32);
  }
  if (failed) return;
  if (flags & 3) {
    if (flags & 4) element.type = readReferenceType();
    else if (readByte() != 0) malformed("malformed element kind");
    if (failed) return;
  }
  if (element.mode == MODE_ACTIVE && moduleTable(m, element.table).type != element.type)
    return invalid("type mismatch: the segment's type is not the table's");
  decodeItems(m, element, (flags & 4) != 0);
}

function decodeItems(m: Module, element: Element, expressions: bool): void {
  const count = readCount(engineLimits.tableEntries, 1);
  element.items = records(count, 8);
  element.count = count;
  for (let i: u32 = 0; i < count && !failed; i++) {
    const item = element.items + ((<usize>i) << 3);
    if (expressions) {
      elementExpression(m, element.type, item);
      continue;
    }
    const index = readU32();
    if (failed) return;
    if (index >= m.funcCount) return invalid("unknown function");
    declareRef(m, index);
    store<u32>(item, ITEM_FUNC);
    store<u32>(item, index, 4);
  }
}

export function decodeDataCount(m: Module): void {
  m.dataCount = readU32();
  m.hasDataCount = 1;
  if (m.dataCount > engineLimits.entries) fail(E_LIMIT, offset(), "too many data segments: over the engine's limit");
}

export function decodeData(m: Module): void {
  const count = readCount(engineLimits.entries, 2);
  if (failed) return;
  if (m.hasDataCount && m.dataCount != count) return malformed("data count and data section have inconsistent lengths");
  m.dataCount = count;
  m.datas = records(count, offsetof<Data>());
  for (let i: u32 = 0; i < count && !failed; i++) decodeSegment(m, moduleData(m, i));
}

function decodeSegment(m: Module, data: Data): void {
  const flags = readU32();
  if (failed) return;
  if (flags > 2) return malformed("malformed data segment kind");
  data.mode = flags == 1 ? MODE_PASSIVE : MODE_ACTIVE;
  if (flags != 1) {
    const index = flags == 2 ? readU32() : 0;
    if (failed) return;
    if (index >= m.memoryCount) return invalid("unknown memory");
    data.offsetInit = offset();
    constantExpression(m, T_I32);
    if (failed) return;
  }
  data.length = readU32();
  data.start = <u32>(at - base);
  skip(data.length);
}
