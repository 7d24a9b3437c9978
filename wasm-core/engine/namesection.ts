// The name section's function names, for messages. A broken name section is ignored, as WebAssembly says of custom sections.
import { Module, moduleFunc } from "./module";
import { at, isUtf8, seek } from "./reader";

/** A cursor of its own: failures here must not fail the module. */
let cursor: usize = 0;
let limit: usize = 0;

function leb(): u32 {
  let value: u32 = 0;
  for (let shift: u32 = 0; shift < 35 && cursor < limit; shift += 7) {
    const byte: u32 = load<u8>(cursor);
    cursor += 1;
    value |= (byte & 0x7f) << shift;
    if (!(byte & 0x80)) return value;
  }
  cursor = limit;
  return 0;
}

export function decodeNames(m: Module, sectionEnd: usize): void {
  cursor = at;
  limit = sectionEnd;
  while (cursor < sectionEnd) {
    const id = load<u8>(cursor);
    cursor += 1;
    const size = leb();
    const next = cursor + size;
    if (size > <u32>(sectionEnd - cursor)) break;
    if (id == 1) {
      limit = next;
      functionNames(m);
      limit = sectionEnd;
    }
    cursor = next;
  }
  seek(sectionEnd);
}

function functionNames(m: Module): void {
  const count = leb();
  for (let i: u32 = 0; i < count && cursor < limit; i++) {
    const index = leb();
    const length = leb();
    if (length > <u32>(limit - cursor)) return;
    if (index < m.funcCount && isUtf8(cursor, length)) {
      moduleFunc(m, index).namePtr = cursor;
      moduleFunc(m, index).nameLen = length;
    }
    cursor += length;
  }
}
