// Loading: copy the bytes, decode every section, validate and lower every body. On failure everything is given back.
import { arenaMark, arenaRelease, immutableAlloc } from "../memory/arena";
import { stubsPrepare } from "./code";
import { decodeCode } from "./lower/body";
import { scratchPrepare } from "./lower/scratch";
import { E_LIMIT, E_MALFORMED, E_MEMORY, errorClear, fail, failed } from "./errors";
import { refuseSection } from "./features";
import { engineLimits } from "./limits";
import { Module } from "./module";
import {
  at,
  end,
  isUtf8,
  malformed,
  offset,
  readByte,
  readFixed32,
  readU32,
  readerStart,
  seek,
  setEnd,
  skip,
} from "./reader";
import {
  decodeExports,
  decodeFunctions,
  decodeGlobals,
  decodeImports,
  decodeMemories,
  decodeStart,
  decodeTables,
  decodeTypes,
} from "./sections";
import { decodeData, decodeDataCount, decodeElements } from "./segments";
import { decodeNames } from "./namesection";
import { typesRelease } from "./types";
import { workStart } from "./work";

/** Place of a section id in the required order. */
const ORDER: usize = memory.data<u8>([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 10]);

/** Loads a module: a Module address, or 0 with engineError() saying why; then nothing stays allocated. */
export function moduleLoad(bytes: usize, length: u32): usize {
  errorClear();
  if (!scratchPrepare()) return memoryUsedUp();
  stubsPrepare();
  const mark = arenaMark();
  const m = decode(bytes, length);
  if (!failed) return m;
  typesRelease(mark);
  arenaRelease(mark);
  return 0;
}

/** Whether moduleLoad would succeed; keeps nothing. */
export function moduleValidate(bytes: usize, length: u32): bool {
  errorClear();
  if (!scratchPrepare()) return memoryUsedUp() != 0;
  const mark = arenaMark();
  decode(bytes, length);
  typesRelease(mark);
  arenaRelease(mark);
  return !failed;
}

function memoryUsedUp(): usize {
  fail(E_MEMORY, 0, "the instance's memory (96 MiB) is used up");
  return 0;
}

function decode(bytes: usize, length: u32): usize {
  if (length > engineLimits.moduleBytes || length >= 0x1000000) {
    fail(E_LIMIT, 0, "the module is larger than the limit for modules");
    return 0;
  }
  workStart();
  const m = changetype<Module>(immutableAlloc(offsetof<Module>()));
  const copy = immutableAlloc(length + 8);
  if (!changetype<usize>(m) || !copy) return memoryUsedUp();
  memory.copy(copy, bytes, length);
  m.bytes = copy;
  m.length = length;
  m.start = -1;
  readerStart(copy, length);
  if (readFixed32() != 0x6d736100) fail(E_MALFORMED, 0, "magic header not detected: a module starts with 00 61 73 6d");
  if (readFixed32() != 1) fail(E_MALFORMED, 4, "unknown binary version: only version 1 is supported");
  sections(m);
  return changetype<usize>(m);
}

function sections(m: Module): void {
  let last: u32 = 0;
  let codeSeen = false;
  const moduleEnd = end;
  while (at < moduleEnd && !failed) {
    const sectionStart = offset();
    const id = readByte();
    const size = readU32();
    if (failed) return;
    if (size > <u32>(moduleEnd - at)) return malformed("unexpected end: a section is longer than the module");
    if (id > 12) return refuseSection(sectionStart, id);
    const sectionEnd = at + size;
    setEnd(sectionEnd);
    if (id != 0) {
      const place = load<u8>(ORDER + id);
      if (place <= last)
        return malformed("unexpected content after last section: sections are repeated or out of order");
      last = place;
    }
    if (id == 10) codeSeen = true;
    section(m, id, sectionEnd);
    if (failed) return;
    if (at != sectionEnd) return malformed("section size mismatch: bytes are left over");
    setEnd(moduleEnd);
  }
  if (failed) return;
  if (m.funcCount > m.funcImports && !codeSeen) malformed("function and code section have inconsistent lengths");
  if (m.hasDataCount && last < 12 && m.dataCount) malformed("data count and data section have inconsistent lengths");
}

function section(m: Module, id: u32, sectionEnd: usize): void {
  if (id == 0) customSection(m, sectionEnd);
  else if (id == 1) decodeTypes(m);
  else if (id == 2) decodeImports(m);
  else if (id == 3) decodeFunctions(m);
  else if (id == 4) decodeTables(m);
  else if (id == 5) decodeMemories(m);
  else if (id == 6) decodeGlobals(m);
  else if (id == 7) decodeExports(m);
  else if (id == 8) decodeStart(m);
  else if (id == 9) decodeElements(m);
  else if (id == 10) decodeCode(m);
  else if (id == 11) decodeData(m);
  else decodeDataCount(m);
}

/** Custom sections are skipped, but their name must be well-formed. The name section is read for messages. */
function customSection(m: Module, sectionEnd: usize): void {
  const length = readU32();
  const start = at;
  skip(length);
  if (failed) return;
  if (!isUtf8(start, length)) return malformed("malformed UTF-8 encoding");
  if (length == 4 && load<u32>(start) == 0x656d616e) decodeNames(m, sectionEnd);
  seek(sectionEnd);
}
