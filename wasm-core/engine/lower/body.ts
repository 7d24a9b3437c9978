// The code section: one pass over every body that validates it and writes its lowered code.
import { arenaCommit, immutableAlloc } from "../../memory/arena";
import { E_LIMIT, E_MEMORY, fail, failed, failedIn } from "../errors";
import { engineLimits } from "../limits";
import { Func, Module, moduleFunc } from "../module";
import { at, end, malformed, offset, readByte, readU32, setEnd } from "../reader";
import { readValueType } from "../valuetypes";
import { typeParamCount, typeParams, typeResultCount, typeResults } from "../types";
import { branchesStart } from "./branches";
import { fuse } from "./fuse";
import { addPending, codeAt, codeStart, emitStart, openBlock, setInstructionOffset } from "./emit";
import { FRAME_FUNCTION, frameDepth, framesStart, pushFrame } from "./frames";
import { instruction } from "./instructions";
import { dead, heightMax, operandsStart } from "./operands";
import { localTypes, metaScratch } from "./scratch";
import { setLocalCount } from "./variables";
import { addWork } from "../work";

/** Entering a function clears its locals: beyond this many they cost 1 fuel per 64 bytes, as bulk operations do. */
const LOCALS_FREE: u32 = 256;

export function decodeCode(m: Module): void {
  const count = readU32();
  if (failed) return;
  if (count != m.funcCount - m.funcImports) return malformed("function and code section have inconsistent lengths");
  const sectionEnd = end;
  for (let i: u32 = 0; i < count; i++) {
    const size = readU32();
    if (failed) return;
    if (size > <u32>(sectionEnd - at)) return malformed("unexpected end: a function body is longer than its section");
    if (size > engineLimits.functionBytes)
      fail(E_LIMIT, offset(), "function too large: its body is over the engine's limit");
    setEnd(at + size);
    if (!failed) body(m, moduleFunc(m, m.funcImports + i));
    if (failed) return failedIn(m.funcImports + i);
    if (at != end) malformed("end of function body expected: bytes are left over");
    setEnd(sectionEnd);
  }
}

/** Reads the declared locals into localTypes; answers how many locals there are, parameters included. */
function readLocals(type: usize): u32 {
  let count: u64 = typeParamCount(type);
  memory.copy(localTypes, typeParams(type), <usize>count);
  const groups = readU32();
  for (let i: u32 = 0; i < groups && !failed; i++) {
    const length = readU32();
    const group = readValueType();
    if (failed) return 0;
    if (count + length > 0xffffffff) malformed("too many locals");
    else if (count + length > engineLimits.locals) fail(E_LIMIT, offset(), "too many locals: over the engine's limit");
    if (failed) return 0;
    memory.fill(localTypes + <usize>count, <u8>group, length);
    count += length;
  }
  return <u32>count;
}

function body(m: Module, func: Func): void {
  func.bodyOffset = offset();
  const type = func.type;
  setInstructionOffset(offset());
  const locals = readLocals(type);
  if (failed) return;
  addWork(locals >>> 6);
  setLocalCount(locals);
  emitStart();
  if (failed) return;
  operandsStart(locals + 1);
  framesStart();
  branchesStart(locals << 3);
  pushFrame(FRAME_FUNCTION, 0, 0, typeResults(type), typeResultCount(type));
  openBlock();
  if (locals > LOCALS_FREE) addPending(locals >>> 3);
  while (frameDepth > 0 && !failed) {
    setInstructionOffset(offset());
    const opcode = readByte();
    addWork(1);
    if (!dead && opcode != 0x05 && opcode != 0x0b) addPending(1);
    instruction(m, opcode);
  }
  if (!failed) finish(func, locals);
}

/** Keeps the code and its meta words, and fills in what calls need. */
function finish(func: Func, locals: u32): void {
  const bytes = codeAt - codeStart;
  fuse(codeStart, codeAt);
  func.bodyEnd = offset();
  func.code = codeStart;
  func.codeEnd = codeAt;
  func.link = locals << 3;
  func.zeroStart = typeParamCount(func.type) << 3;
  func.zeroBytes = (locals - typeParamCount(func.type)) << 3;
  func.frameBytes = (locals + 1 + heightMax + 1) << 3;
  arenaCommit(bytes);
  func.meta = immutableAlloc(bytes >>> 1);
  if (!func.meta) return fail(E_MEMORY, offset(), "the instance's memory (96 MiB) is used up");
  memory.copy(func.meta, metaScratch, bytes >>> 1);
}
