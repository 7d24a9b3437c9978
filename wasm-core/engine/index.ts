// The engine's interface for the VM. Everything else in this folder is internal.
export {
  EngineError,
  engineError,
  E_NONE,
  E_MALFORMED,
  E_INVALID,
  E_UNSUPPORTED,
  E_LIMIT,
  E_MEMORY,
  E_LINK,
  E_INIT,
} from "./errors";
export { EngineLimits, engineLimits, limitsDefault } from "./limits";
export { Name } from "./reader";
export { internType, typeParam, typeParamCount, typeResult, typeResultCount } from "./types";
export { moduleLoad, moduleValidate } from "./load";
export {
  exportCount,
  exportIndex,
  exportKind,
  exportName,
  findExport,
  funcName,
  funcType,
  hasStart,
  importCount,
  importField,
  importKind,
  importModule,
  importType,
  startFunction,
} from "./names";
export {
  bindFunc,
  bindGlobal,
  bindHost,
  bindMemory,
  bindTable,
  globalAddress,
  instanceCreate,
  instanceModule,
  instanceSetTag,
  instanceTag,
  memoryBase,
  memoryOf,
  memorySize,
  tableFunc,
  tableOf,
  unboundImport,
} from "./instance";
export { bindExport } from "./link";
export { instanceInit } from "./initialise";
export {
  HOST_DONE,
  HOST_LEAVE,
  HOST_RESTART,
  HOST_TRAP,
  RAN_FUEL,
  RAN_HOST,
  RAN_RETURNED,
  RAN_TRAP,
  TRAP_DIVIDE_BY_ZERO,
  TRAP_HOST,
  TRAP_INDIRECT_NULL,
  TRAP_INDIRECT_TYPE,
  TRAP_INTEGER_OVERFLOW,
  TRAP_INVALID_CONVERSION,
  TRAP_MEMORY_BOUNDS,
  TRAP_NONE,
  TRAP_STACK,
  TRAP_TABLE_BOUNDS,
  TRAP_UNREACHABLE,
  Thread,
  threadCreate,
  threadEnter,
  threadFrame,
  threadFrameCount,
  threadLive,
  threadReset,
  threadResults,
  threadUnwind,
} from "./thread";
export { HostHandler, setHostHandler, threadCompleteCall, threadRun } from "./run";
