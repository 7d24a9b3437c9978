// Encodings of features outside the supported language, so that each is refused by its name instead of as broken bytes.
// Codes: WebAssembly 3.0 §5; the binary-format notes of the proposals threads, stack-switching, stringref, custom-page-sizes,
// shared-everything-threads, custom-descriptors, wide-arithmetic and memory-control.
import { E_MALFORMED, fail, failed, unsupported } from "./errors";
import { readU32 } from "./reader";

const REFERENCES = "GC (typed function references)";
const STACKS = "stack switching";
const STRINGS = "reference-typed strings";

/** Refuses a code of a value, reference or heap type that is none of the supported ones; `text` names what was expected. */
export function refuseType(where: u32, code: u32, text: string): void {
  if (code == 0x7b) return unsupported(where, "SIMD (type v128)");
  if (code == 0x63 || code == 0x64) return unsupported(where, REFERENCES);
  if ((code >= 0x6a && code <= 0x6e) || (code >= 0x71 && code <= 0x73)) return unsupported(where, "GC (reference types)");
  if (code == 0x69 || code == 0x74) return unsupported(where, "exceptions (type exnref)");
  if (code == 0x68 || code == 0x75) return unsupported(where, STACKS);
  if (code == 0x67 || code == 0x66 || code == 0x61) return unsupported(where, STRINGS);
  if (code == 0x65) return unsupported(where, "threads (shared types)");
  if (code == 0x62) return unsupported(where, "GC (exact types)");
  fail(E_MALFORMED, where, text);
}

/** Refuses a heap type that names a type of the module. */
export function refuseTypeIndex(where: u32): void {
  unsupported(where, REFERENCES);
}

/** Refuses a form of the type section that is not 60 (a function type). */
export function refuseTypeForm(where: u32, form: u32): void {
  if (form == 0x4e) unsupported(where, "GC (recursive types)");
  else if (form == 0x4f || form == 0x50) unsupported(where, "GC (subtypes)");
  else if (form == 0x5f || form == 0x5e) unsupported(where, "GC (struct and array types)");
  else if (form == 0x4c || form == 0x4d) unsupported(where, "GC (descriptors)");
  else if (form == 0x5d) unsupported(where, STACKS);
  else if (form == 0x65) unsupported(where, "threads (shared types)");
  else fail(E_MALFORMED, where, "malformed function type: 60 expected");
}

/** Refuses flags of limits other than 0 and 1: bit 1 shared, bit 2 64-bit addresses, bit 3 a page size (memories only). */
export function refuseLimits(where: u32, flags: u32, isMemory: bool): void {
  if (flags & 8 && flags < 16 && isMemory) unsupported(where, "custom page sizes");
  else if (flags & 4 && flags < 8) unsupported(where, isMemory ? "memory64" : "memory64 (table64)");
  else if (flags == 2 || flags == 3) unsupported(where, isMemory ? "threads (shared memory)" : "threads (shared table)");
  else fail(E_MALFORMED, where, "malformed limits flags");
}

/** Refuses a section id over 12. */
export function refuseSection(where: u32, id: u32): void {
  if (id == 13) unsupported(where, "exceptions (tag section)");
  else if (id == 14) unsupported(where, STRINGS);
  else fail(E_MALFORMED, where, "malformed section id");
}

/** Refuses an opcode; the cursor stands behind its first byte, which is at `where`. */
export function refuseInstruction(where: u32, opcode: u32): void {
  if (opcode >= 0xfb && opcode <= 0xfe) return refusePrefixed(where, opcode);
  if ((opcode >= 0x06 && opcode <= 0x0a) || opcode == 0x18 || opcode == 0x19 || opcode == 0x1f)
    return unsupported(where, "exceptions");
  if (opcode == 0x14 || opcode == 0x15 || (opcode >= 0xd4 && opcode <= 0xd6)) return unsupported(where, REFERENCES);
  if (opcode == 0xd3) return unsupported(where, "GC (ref.eq)");
  if (opcode >= 0xe0 && opcode <= 0xe6) return unsupported(where, STACKS);
  fail(E_MALFORMED, where, "illegal opcode");
}

function refusePrefixed(where: u32, prefix: u32): void {
  const code = readU32();
  if (failed) return;
  if (prefix == 0xfb) {
    if (code >= 0x80 && code < 0xc0) return unsupported(where, STRINGS);
    if (code <= 0x26) return unsupported(where, "GC");
  } else if (prefix == 0xfc) {
    if (code == 18) return unsupported(where, "memory control");
    if (code >= 19 && code <= 22) return unsupported(where, "wide arithmetic");
  } else if (prefix == 0xfd) {
    if (code < 0x100) return unsupported(where, "SIMD");
    if (code < 0x200) return unsupported(where, "SIMD (relaxed)");
  } else if (code < 0x80) return unsupported(where, "threads (atomics)");
  fail(E_MALFORMED, where, "illegal opcode");
}
