/**
 * Reads WebAssembly sections without running anything: only what the VM's describe() does not give.
 *
 *   0  4  "\0asm"
 *   4  4  version 1, little-endian
 *   8  …  sections: id u8 · size LEB128 · contents; id 0 is custom: name length LEB128 · name · data
 */
import { RunnerError } from "./errors.ts";

export interface Section {
  id: number;
  /** Name of a custom section, else "". */
  name: string;
  /** Contents; of a custom section what follows its name. */
  data: Uint8Array;
  /** Offset of the section's id byte in the module. */
  offset: number;
}

const magic = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const HEADER_BYTES = 8;

/** True if the bytes begin as every WebAssembly 1 module does. */
export function looksLikeWasm(bytes: Uint8Array): boolean {
  return bytes.length >= HEADER_BYTES && magic.every((byte, index) => bytes[index] === byte);
}

/**
 * Lists the sections of a module.
 * @throws RunnerError "not-wasm" or "truncated" with the offset in the message
 */
export function readSections(bytes: Uint8Array): Section[] {
  if (!looksLikeWasm(bytes))
    throw new RunnerError("not-wasm", "The file does not begin with the 8 bytes of a WebAssembly module.");
  const sections: Section[] = [];
  for (let at = HEADER_BYTES; at < bytes.length; ) {
    const id = bytes[at] ?? 0;
    const size = readUnsigned(bytes, at + 1);
    const end = size.next + size.value;
    if (end > bytes.length)
      throw new RunnerError(
        "truncated",
        `The section at offset ${at} claims ${size.value} bytes, ${bytes.length - size.next} are left.`,
      );
    sections.push(section(bytes, id, at, size.next, end));
    at = end;
  }
  return sections;
}

/** Data of the custom section with that name, or null. */
export function customSection(bytes: Uint8Array, name: string): Uint8Array | null {
  return readSections(bytes).find((found) => found.id === 0 && found.name === name)?.data ?? null;
}

function section(bytes: Uint8Array, id: number, offset: number, start: number, end: number): Section {
  if (id !== 0) return { id, name: "", data: bytes.subarray(start, end), offset };
  const length = readUnsigned(bytes, start);
  const nameEnd = length.next + length.value;
  if (nameEnd > end)
    throw new RunnerError("truncated", `The name of the custom section at offset ${offset} does not fit into it.`);
  return {
    id,
    name: new TextDecoder().decode(bytes.subarray(length.next, nameEnd)),
    data: bytes.subarray(nameEnd, end),
    offset,
  };
}

/** Unsigned LEB128 of at most 32 bits. */
function readUnsigned(bytes: Uint8Array, start: number): { value: number; next: number } {
  let value = 0;
  for (let index = 0; index < 5; index++) {
    const byte = bytes[start + index];
    if (byte === undefined)
      throw new RunnerError("truncated", `The module ends at offset ${start + index}, inside a number.`);
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, next: start + index + 1 };
  }
  throw new RunnerError("not-wasm", `The number at offset ${start} is longer than 32 bits.`);
}
