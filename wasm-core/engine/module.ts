// A decoded, validated and lowered module. Everything here is immutable.
//
//   Module ─ types: u32 × n (interned)          funcs: Func × n (imports first)
//          ─ imports: Import × n                exports: Export × n (hash-chained by name)
//          ─ globals, tables, elements, data: records of the sections
import { Name } from "./reader";

@unmanaged
export class Import {
  modulePtr: usize;
  moduleLen: u32;
  fieldPtr: usize;
  fieldLen: u32;
  kind: u32;
  /** Index in its own index space. */
  index: u32;
}

@unmanaged
export class Export {
  namePtr: usize;
  nameLen: u32;
  kind: u32;
  index: u32;
  /** Next export (index + 1) in the same hash bucket; 0 ends. */
  next: u32;
}

/** A function: what a call needs first. `code` is 0 for imports. */
@unmanaged
export class Func {
  code: usize;
  /** Bytes of locals to clear on entry (8 per local that is no parameter). */
  zeroBytes: u32;
  /** Byte offset of the first such local in the frame. */
  zeroStart: u32;
  /** Byte offset of the link slot. */
  link: u32;
  /** Bytes of the whole frame. */
  frameBytes: u32;
  type: usize;
  index: u32;
  /** One u32 per code word: low 24 bits offset in the module, high 8 bits fuel of the op. */
  meta: usize;
  codeEnd: usize;
  module: usize;
  namePtr: usize;
  nameLen: u32;
  bodyOffset: u32;
  bodyEnd: u32;
  exportNamePtr: usize;
  exportNameLen: u32;
}

@unmanaged
export class Global {
  type: u32;
  mutable: u32;
  /** Offset of the initialiser expression; 0 for imports. */
  init: u32;
}

@unmanaged
export class TableType {
  type: u32;
  min: u32;
  max: u32;
  hasMax: u32;
}

/** Element segment. mode: 0 active, 1 passive, 2 declared. Items are function indices or expressions at `items`. */
@unmanaged
export class Element {
  mode: u32;
  table: u32;
  /** Offset of the offset expression. */
  offsetInit: u32;
  type: u32;
  count: u32;
  /** Offset of the first item. */
  items: u32;
  usesExpressions: u32;
}

@unmanaged
export class Data {
  mode: u32;
  offsetInit: u32;
  start: u32;
  length: u32;
}

@unmanaged
export class Module {
  bytes: usize;
  length: u32;
  types: usize;
  typeCount: u32;
  imports: usize;
  importCount: u32;
  exports: usize;
  exportCount: u32;
  exportBuckets: usize;
  exportBucketMask: u32;
  funcs: usize;
  funcCount: u32;
  funcImports: u32;
  tables: usize;
  tableCount: u32;
  tableImports: u32;
  memoryCount: u32;
  memoryImports: u32;
  memoryMin: u32;
  memoryMax: u32;
  memoryHasMax: u32;
  globals: usize;
  globalCount: u32;
  globalImports: u32;
  elements: usize;
  elementCount: u32;
  datas: usize;
  dataCount: u32;
  hasDataCount: u32;
  start: i32;
  /** One byte per function: 1 = may be the operand of ref.func in a body. */
  declaredRefs: usize;
  /** One byte per export name bucket's Name pair: scratch for accessors. */
  nameCell: Name;
}

@inline
export function moduleFunc(m: Module, i: u32): Func {
  return changetype<Func>(m.funcs + <usize>i * offsetof<Func>());
}

@inline
export function moduleImport(m: Module, i: u32): Import {
  return changetype<Import>(m.imports + <usize>i * offsetof<Import>());
}

@inline
export function moduleExport(m: Module, i: u32): Export {
  return changetype<Export>(m.exports + <usize>i * offsetof<Export>());
}

@inline
export function moduleGlobal(m: Module, i: u32): Global {
  return changetype<Global>(m.globals + <usize>i * offsetof<Global>());
}

@inline
export function moduleTable(m: Module, i: u32): TableType {
  return changetype<TableType>(m.tables + <usize>i * offsetof<TableType>());
}

@inline
export function moduleElement(m: Module, i: u32): Element {
  return changetype<Element>(m.elements + <usize>i * offsetof<Element>());
}

@inline
export function moduleData(m: Module, i: u32): Data {
  return changetype<Data>(m.datas + <usize>i * offsetof<Data>());
}

@inline
export function moduleType(m: Module, i: u32): usize {
  return load<u32>(m.types + (<usize>i << 2));
}
