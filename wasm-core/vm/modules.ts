// The five modules of a pairing: loading with the caps of the product, and their description for intake.
import {
  exportCount,
  exportIndex,
  exportKind,
  exportName,
  findExport,
  funcType,
  hasStart,
  importCount,
  importField,
  importKind,
  importModule,
  importType,
  moduleLoad,
  typeParam,
  typeParamCount,
  typeResult,
  typeResultCount,
} from "../engine/index";
import { engineLimits, limitsDefault } from "../engine/limits";
import { Module } from "../engine/module";
import { errorBegin, errorEnd, refuse, refuseEngine, refuseName } from "./errors";
import { bytesValue, close, comma, key, nullValue, numberValue, open, outputClose, outputLength, outputOpen, put, putByte, putU64, wordValue } from "./text";

export const ROLE_KERNEL: u32 = 0;
export const ROLE_NATIVE: u32 = 1;
export const ROLE_GUEST: u32 = 2;
export const ROLE_ROM: u32 = 3;
export const ROLE_HOST: u32 = 4;
export const ROLES: u32 = 5;

export const KIND_FUNC: u32 = 0;
export const KIND_TABLE: u32 = 1;
export const KIND_MEMORY: u32 = 2;
export const KIND_GLOBAL: u32 = 3;

const loaded: usize = memory.data(20, 4);

/** Module of a role, 0 = none. */
@inline
export function moduleOf(role: u32): usize {
  return load<u32>(loaded + (role << 2));
}

export function modulesForget(): void {
  memory.fill(loaded, 0, ROLES << 2);
  limitsDefault();
}

/** Bytes of a module of this role. */
function bytesMax(role: u32): u32 {
  if (role == ROLE_HOST) return 2 << 20;
  if (role == ROLE_ROM || role == ROLE_NATIVE) return 256 << 10;
  return 1 << 20;
}

/** Pages of linear memory of one instance of this role. */
function pagesMax(role: u32): u32 {
  if (role == ROLE_KERNEL) return 8;
  if (role == ROLE_GUEST) return 32;
  return role == ROLE_HOST ? 64 : 2;
}

/** Decodes, validates and keeps the module; 0, or REFUSED with the reason in the error buffer. */
export function loadModule(role: u32, bytes: usize, length: u32): u32 {
  if (role >= ROLES) return refuse("E_ROLE", -1, "there are roles 0 kernel, 1 native, 2 guest, 3 rom and 4 host");
  store<u32>(loaded + (role << 2), 0);
  if (length > bytesMax(role)) {
    errorBegin("E_LIMIT", role, -1, -1);
    put("the module is larger than the limit of ");
    putU64(bytesMax(role));
    put(" bytes: make it smaller");
    return errorEnd();
  }
  engineLimits.memoryPages = pagesMax(role);
  const m = moduleLoad(bytes, length);
  if (!m) return refuseEngine(role);
  const problem = checkModule(role, m);
  if (problem) return problem;
  store<u32>(loaded + (role << 2), m);
  return 0;
}

function checkModule(role: u32, m: usize): u32 {
  if (hasStart(m)) return refuse("E_START", role, "the module has a start function, which would run before a vCPU exists: remove it (asc: --exportStart NAME)");
  const module = changetype<Module>(m);
  if (module.memoryMin > pagesMax(role)) {
    errorBegin("E_LIMIT", role, -1, -1);
    put("the memory starts with ");
    putU64(module.memoryMin);
    put(" pages of 64 KiB, allowed are ");
    putU64(pagesMax(role));
    return errorEnd();
  }
  for (let i: u32 = 0, n = importCount(m); i < n; i++) {
    if (importKind(m, i) == KIND_FUNC) continue;
    const field = importField(m, i);
    return refuseName("E_IMPORT", role, "the module imports something that is not a function:", field.ptr, field.len, "; define it in the module");
  }
  return 0;
}

/** Index of an exported function with this ASCII name, -1 if there is none. */
export function exportedFunction(m: usize, name: string): i32 {
  return exported(m, name, KIND_FUNC);
}

/** Index of an export of this kind in its index space, -1 if there is none. */
export function exported(m: usize, name: string, kind: u32): i32 {
  if (!m) return -1;
  const length = name.length;
  for (let i = 0; i < length && i < 64; i++) store<u8>(nameBuffer + i, load<u16>(changetype<usize>(name) + (<usize>i << 1)));
  return findExport(m, nameBuffer, length, kind);
}

const nameBuffer: usize = memory.data(64, 8);

/** Whether name == text (ASCII). */
export function nameIs(name: usize, length: u32, text: string): bool {
  if (<u32>text.length != length) return false;
  for (let i: u32 = 0; i < length; i++) if (load<u8>(name + i) != load<u16>(changetype<usize>(text) + (<usize>i << 1))) return false;
  return true;
}

/** Writes the description of a loaded module to the output buffer; returns its length. */
export function describeModule(role: u32): u32 {
  outputOpen();
  const m = role < ROLES ? moduleOf(role) : 0;
  if (m) describe(m);
  else nullValue();
  outputClose();
  return outputLength();
}

function describe(m: usize): void {
  const module = changetype<Module>(m);
  open("{");
  key("imports");
  open("[");
  for (let i: u32 = 0, n = importCount(m); i < n; i++) describeImport(m, i);
  close("]");
  key("exports");
  open("[");
  for (let i: u32 = 0, n = exportCount(m); i < n; i++) describeExport(m, i);
  close("]");
  key("start");
  comma();
  put(hasStart(m) ? "true" : "false");
  key("memory");
  if (!module.memoryCount) nullValue();
  else {
    open("{");
    key("min");
    numberValue(module.memoryMin);
    key("max");
    if (module.memoryHasMax) numberValue(module.memoryMax);
    else nullValue();
    close("}");
  }
  close("}");
}

function describeImport(m: usize, i: u32): void {
  const from = importModule(m, i);
  open("{");
  key("module");
  bytesValue(from.ptr, from.len);
  const field = importField(m, i);
  key("name");
  bytesValue(field.ptr, field.len);
  key("kind");
  wordValue(kindName(importKind(m, i)));
  key("type");
  typeValue(importKind(m, i) == KIND_FUNC ? importType(m, i) : 0);
  close("}");
}

function describeExport(m: usize, i: u32): void {
  const name = exportName(m, i);
  open("{");
  key("name");
  bytesValue(name.ptr, name.len);
  key("kind");
  wordValue(kindName(exportKind(m, i)));
  key("type");
  typeValue(exportKind(m, i) == KIND_FUNC ? funcType(m, exportIndex(m, i)) : 0);
  close("}");
}

function kindName(kind: u32): string {
  if (kind == KIND_FUNC) return "func";
  if (kind == KIND_TABLE) return "table";
  return kind == KIND_MEMORY ? "memory" : "global";
}

/** `"(i32,i64)->(i64)"`; empty for what is not a function. */
export function typeValue(type: usize): void {
  comma();
  putByte(34);
  putType(type);
  putByte(34);
}

export function putType(type: usize): void {
  if (!type) return;
  putByte(40);
  for (let i: u32 = 0, n = typeParamCount(type); i < n; i++) {
    if (i) putByte(44);
    put(typeName(typeParam(type, i)));
  }
  put(")->(");
  for (let i: u32 = 0, n = typeResultCount(type); i < n; i++) {
    if (i) putByte(44);
    put(typeName(typeResult(type, i)));
  }
  putByte(41);
}

function typeName(type: u32): string {
  if (type == 0x7f) return "i32";
  if (type == 0x7e) return "i64";
  if (type == 0x7d) return "f32";
  if (type == 0x7c) return "f64";
  return type == 0x70 ? "funcref" : "externref";
}
