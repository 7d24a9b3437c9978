// Entry of the benchmarks' build: loads a program, runs it with metering in slices, serves its host function in place.
import { arenaReset, immutableAlloc } from "../../memory/arena";
import {
  HOST_DONE,
  RAN_FUEL,
  RAN_RETURNED,
  bindHost,
  findExport,
  importCount,
  importKind,
  instanceCreate,
  instanceInit,
  instanceModule,
  limitsDefault,
  moduleLoad,
  moduleValidate,
  setHostHandler,
  threadCreate,
  threadEnter,
  threadResults,
  threadRun,
} from "../index";
import { Thread } from "../thread";

const NAME: usize = memory.data<u8>([114, 117, 110]);
/** As a shard of a run does it: short enough to be compiled anew soon, long enough to cost nothing. */
const SLICE: i64 = 100000;

function serve(_thread: usize, _hostId: u32, args: usize): i32 {
  const kind = load<u32>(args);
  const value = load<u64>(args, 8);
  store<u64>(args, rotl<u64>(value ^ (<u64>kind * 0x9e3779b97f4a7c15), 9) + 1);
  return HOST_DONE;
}

export { moduleLoad, moduleValidate };

export function start(): void {
  arenaReset();
  limitsDefault();
  setHostHandler(serve);
}

export function alloc(size: usize): usize {
  return immutableAlloc(size);
}

export function thread(): usize {
  return threadCreate(1 << 20, 10000);
}

/** An instance of a loaded module with its imports served by the handler; 0 = refused. */
export function instantiate(module: usize): usize {
  const instance = instanceCreate(module);
  if (!instance) return 0;
  for (let i: u32 = 0, n = importCount(module); i < n; i++) {
    if (importKind(module, i) == 0) bindHost(instance, i, i);
  }
  return instanceInit(instance) ? instance : 0;
}

/** Calls the export `run` with n, exact fuel in every slice; its result, or -1 when it trapped. */
export function call(at: usize, instance: usize, n: u32): u32 {
  const args = threadEnter(at, instance, findExport(instanceModule(instance), NAME, 3, 0), 1);
  if (!args) return <u32>-1;
  store<u64>(args, n);
  let ran = RAN_FUEL;
  while (ran == RAN_FUEL) {
    changetype<Thread>(at).fuel = SLICE;
    ran = threadRun(at);
  }
  return ran == RAN_RETURNED ? load<u32>(threadResults(at)) : <u32>-1;
}
