// Bulk memory, tables and references: the rare instructions, on operands in consecutive slots.
import { markDirtyRange } from "../memory/arena";
import { BULK_DATA_DROP, BULK_ELEM_DROP, BULK_MEMORY_COPY, BULK_MEMORY_FILL, BULK_MEMORY_INIT, BULK_REF_FUNC, BULK_TABLE_COPY, BULK_TABLE_FILL, BULK_TABLE_GET, BULK_TABLE_GROW, BULK_TABLE_INIT, BULK_TABLE_SET, BULK_TABLE_SIZE } from "./generated/opcodes";
import { elementValue } from "./expression";
import { Instance, Table, funcRefOf, instanceTable, memoryReserve } from "./instance";
import { moduleData, moduleElement } from "./module";
import { TRAP_MEMORY_BOUNDS, TRAP_TABLE_BOUNDS } from "./thread";

/** Fuel of the last bulk operation beyond the one every instruction costs: 1 per 64 bytes or 8 entries. */
export let bulkExtra: i64 = 0;

/** memory.grow: the old size in pages, or 0xffffffff. The room behind is already zero. */
export function memoryGrow(instance: usize, pages: u32): u64 {
  const memory = changetype<Instance>(instance).memory;
  const old = memory.size >>> 16;
  if (pages > memory.pagesMax || old + pages > memory.pagesMax) return 0xffffffff;
  if (old + pages > memory.pagesReserved && !memoryReserve(memory, old + pages)) return 0xffffffff;
  memory.size = (old + pages) << 16;
  return old;
}

/** Executes one bulk operation; answers a trap kind or 0. `at`: address of its first operand slot. */
export function bulk(instance: usize, kind: u32, at: usize, first: u32, second: u32): u32 {
  const inst = changetype<Instance>(instance);
  bulkExtra = 0;
  if (kind == BULK_MEMORY_COPY) return memoryCopy(inst, load<u32>(at), load<u32>(at, 8), load<u32>(at, 16));
  if (kind == BULK_MEMORY_FILL) return memoryFill(inst, load<u32>(at), load<u32>(at, 8), load<u32>(at, 16));
  if (kind == BULK_TABLE_GET) return tableGet(instanceTable(inst, first), at);
  if (kind == BULK_TABLE_SET) return tableSet(instanceTable(inst, first), load<u32>(at), load<u64>(at, 8));
  if (kind == BULK_REF_FUNC) store<u64>(at, funcRefOf(instance, first));
  else if (kind == BULK_MEMORY_INIT) return memoryInit(inst, first, load<u32>(at), load<u32>(at, 8), load<u32>(at, 16));
  else if (kind == BULK_DATA_DROP) store<u8>(inst.dropped + inst.module.elementCount + first, 1);
  else if (kind == BULK_ELEM_DROP) store<u8>(inst.dropped + first, 1);
  else if (kind == BULK_TABLE_SIZE) store<u64>(at, instanceTable(inst, first).size);
  else if (kind == BULK_TABLE_INIT) return tableInit(inst, first, instanceTable(inst, second), load<u32>(at), load<u32>(at, 8), load<u32>(at, 16));
  else if (kind == BULK_TABLE_COPY) return tableCopy(instanceTable(inst, first), instanceTable(inst, second), load<u32>(at), load<u32>(at, 8), load<u32>(at, 16));
  else if (kind == BULK_TABLE_GROW) tableGrow(instanceTable(inst, first), at);
  else if (kind == BULK_TABLE_FILL) return tableFill(instanceTable(inst, first), load<u32>(at), load<u64>(at, 8), load<u32>(at, 16));
  return 0;
}

function memoryCopy(inst: Instance, to: u32, from: u32, length: u32): u32 {
  const size = <u64>inst.memory.size;
  if (<u64>to + length > size || <u64>from + length > size) return TRAP_MEMORY_BOUNDS;
  memory.copy(inst.memory.base + to, inst.memory.base + from, length);
  markDirtyRange(inst.memory.base + to, length);
  bulkExtra = length >>> 6;
  return 0;
}

function memoryFill(inst: Instance, to: u32, value: u32, length: u32): u32 {
  if (<u64>to + length > <u64>inst.memory.size) return TRAP_MEMORY_BOUNDS;
  memory.fill(inst.memory.base + to, <u8>value, length);
  markDirtyRange(inst.memory.base + to, length);
  bulkExtra = length >>> 6;
  return 0;
}

/** memory.init, also of active segments at instantiation. */
export function memoryInit(inst: Instance, segment: u32, to: u32, from: u32, length: u32): u32 {
  const data = moduleData(inst.module, segment);
  const available = load<u8>(inst.dropped + inst.module.elementCount + segment) ? 0 : data.length;
  if (<u64>to + length > <u64>inst.memory.size || <u64>from + length > <u64>available) return TRAP_MEMORY_BOUNDS;
  memory.copy(inst.memory.base + to, inst.module.bytes + data.start + from, length);
  markDirtyRange(inst.memory.base + to, length);
  bulkExtra = length >>> 6;
  return 0;
}

@inline
function entryAddress(table: Table, slot: u32): usize {
  return table.base + (<usize>slot << 3);
}

function tableGet(table: Table, at: usize): u32 {
  const slot = load<u32>(at);
  if (slot >= table.size) return TRAP_TABLE_BOUNDS;
  store<u64>(at, load<u64>(entryAddress(table, slot)));
  return 0;
}

function tableSet(table: Table, slot: u32, value: u64): u32 {
  if (slot >= table.size) return TRAP_TABLE_BOUNDS;
  fillEntries(table, slot, value, 1);
  return 0;
}

function fillEntries(table: Table, slot: u32, value: u64, count: u32): void {
  for (let i: u32 = 0; i < count; i++) store<u64>(entryAddress(table, slot + i), value);
  markDirtyRange(entryAddress(table, slot), <usize>count << 3);
  bulkExtra = count >>> 3;
}

function tableFill(table: Table, slot: u32, value: u64, count: u32): u32 {
  if (<u64>slot + count > <u64>table.size) return TRAP_TABLE_BOUNDS;
  fillEntries(table, slot, value, count);
  return 0;
}

/** Operands: value, count; the result replaces the value. */
function tableGrow(table: Table, at: usize): void {
  const count = load<u32>(at, 8);
  const old = table.size;
  if (<u64>old + count > <u64>table.max) {
    store<u64>(at, 0xffffffff);
    return;
  }
  table.size = old + count;
  fillEntries(table, old, load<u64>(at), count);
  store<u64>(at, old);
}

function tableCopy(to: Table, from: Table, toSlot: u32, fromSlot: u32, count: u32): u32 {
  if (<u64>toSlot + count > <u64>to.size || <u64>fromSlot + count > <u64>from.size) return TRAP_TABLE_BOUNDS;
  memory.copy(entryAddress(to, toSlot), entryAddress(from, fromSlot), <usize>count << 3);
  markDirtyRange(entryAddress(to, toSlot), <usize>count << 3);
  bulkExtra = count >>> 3;
  return 0;
}

/** table.init, also of active segments at instantiation. */
export function tableInit(inst: Instance, segment: u32, table: Table, to: u32, from: u32, count: u32): u32 {
  const element = moduleElement(inst.module, segment);
  const available = load<u8>(inst.dropped + segment) ? 0 : element.count;
  if (<u64>to + count > <u64>table.size || <u64>from + count > <u64>available) return TRAP_TABLE_BOUNDS;
  for (let i: u32 = 0; i < count; i++) store<u64>(entryAddress(table, to + i), elementValue(inst, element, from + i));
  markDirtyRange(entryAddress(table, to), <usize>count << 3);
  bulkExtra = count >>> 3;
  return 0;
}
