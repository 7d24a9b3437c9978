// Entry of the engine's own test build: what a test in Node needs, over plain numbers.
import { DIRTY, PAGED_TABLE, STACK_TABLE, arenaGuard, arenaReset, arenaUsed } from "../../memory/arena";
import { pagesRestored, regionDigest, snapshotDigest, snapshotRestore, snapshotTake } from "../../memory/snapshot";
import { functionAt, offsetAt } from "../code";
import { OP_CHARGE } from "../generated/opcodes";
import { limitsDefault } from "../limits";
import { Func, Module, moduleFunc } from "../module";
import { setHostHandler } from "../run";
import { Thread } from "../thread";
import { work } from "../work";

export * from "../index";
export { funcRefOf, memoryCreate, tableCreate } from "../instance";
export { threadEnterRef } from "../thread";
export { arenaGuard, arenaReset, arenaUsed, regionDigest, snapshotDigest, snapshotRestore, snapshotTake };
import { engineError, engineLimits } from "../index";
import { hotAlloc, immutableAlloc } from "../../memory/arena";

// @ts-ignore: decorator
@external("test", "host")
declare function hostCall(thread: usize, hostId: u32, args: usize): i32;

function serve(thread: usize, hostId: u32, args: usize): i32 {
  return hostCall(thread, hostId, args);
}

export function start(): void {
  arenaGuard(0);
  arenaReset();
  limitsDefault();
  setHostHandler(serve);
}

export function alloc(size: usize): usize {
  return immutableAlloc(size);
}

export function hot(size: usize): usize {
  return hotAlloc(size);
}

export function errorRecord(): usize {
  return changetype<usize>(engineError());
}

export function limitsRecord(): usize {
  return changetype<usize>(engineLimits);
}

export function setFuel(thread: usize, low: u32, high: u32): void {
  changetype<Thread>(thread).fuel = <i64>low | (<i64>high << 32);
}

export function restored(): u32 {
  return pagesRestored;
}

export function functionTotal(module: usize): u32 {
  return changetype<Module>(module).funcCount;
}

/** Address of a function's lowered code; 0 for imports. */
export function codeOf(module: usize, index: u32): usize {
  return moduleFunc(changetype<Module>(module), index).code;
}

export function codeEndOf(module: usize, index: u32): usize {
  return moduleFunc(changetype<Module>(module), index).codeEnd;
}

/** Offset in the module of the operation that the thread executes next. */
export function nextOffset(thread: usize): u32 {
  const t = changetype<Thread>(thread);
  let pc = t.pc;
  while (load<u16>(pc) == OP_CHARGE) pc += 8;
  return offsetAt(changetype<Func>(functionAt(t.instance, pc)), pc);
}

/** Steps that loading the last module took. */
export function loadSteps(): u32 {
  return work;
}

/** End of static data: above it lies what is allocated. */
export function staticEnd(): usize {
  return __heap_base;
}

/** Static data that running, growing and taking snapshots may write: the map of dirty pages and the tables of blocks and stacks. */
export function dirtyMap(): usize {
  return DIRTY;
}

export function pagedTable(): usize {
  return PAGED_TABLE;
}

export function stackTable(): usize {
  return STACK_TABLE;
}
