// What a module may cost. The VM and the runner of the official tests set these before loading.

@unmanaged
export class EngineLimits {
  /** Bytes of one module. */
  moduleBytes: u32;
  /** Function types of one module. */
  types: u32;
  /** Functions of one module, imports included. */
  functions: u32;
  /** Bytes of one function body. */
  functionBytes: u32;
  /** Locals of one function, parameters included; at most 60 000 (slots are 16 bits). */
  locals: u32;
  /** Operand stack entries of one function; locals + operands stay below 65 000. */
  operands: u32;
  /** Nested blocks of one function. */
  blockDepth: u32;
  /** Parameters or results of one type. */
  arity: u32;
  /** Imports, exports, globals, tables, segments: each. */
  entries: u32;
  /** Pages of 64 KiB a memory may have, whatever it declares. */
  memoryPages: u32;
  /** Pages set aside for a memory at once; growth beyond moves it (its base changes, the old room is lost until arenaReset). */
  memoryReservePages: u32;
  /** Entries a table may have, whatever it declares. */
  tableEntries: u32;
  /** Operand words (8 bytes) of lowered code for one function. */
  codeWords: u32;
  /** Steps of loading one module, see work.ts; at most 2^31. */
  loadSteps: u32;
}

export const engineLimits = changetype<EngineLimits>(memory.data(56, 8));

/** The limits of the product; call before changing single ones. */
export function limitsDefault(): void {
  engineLimits.moduleBytes = 2 << 20;
  engineLimits.types = 4096;
  engineLimits.functions = 16384;
  engineLimits.functionBytes = 512 << 10;
  engineLimits.locals = 50000;
  engineLimits.operands = 14000;
  engineLimits.blockDepth = 4096;
  engineLimits.arity = 1000;
  engineLimits.entries = 16384;
  engineLimits.memoryPages = 64;
  engineLimits.memoryReservePages = 64;
  engineLimits.tableEntries = 16384;
  engineLimits.codeWords = 256 << 10;
  engineLimits.loadSteps = 128 << 20;
}
