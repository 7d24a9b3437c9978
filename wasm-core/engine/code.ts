// Lowered code: where it is, what it costs, and which function an address belongs to.
//
//   function: | words u64 × n | meta u32 × n |
//   meta of a word: | offset in the module : 24 | fuel : 8 |   fuel counts on an operation's first word only
import { Func, Module, moduleFunc } from "./module";
import { FuncRef, Instance } from "./instance";
import { OP_CHARGE, OP_CROSS_RETURN, OP_ENTRY_RETURN } from "./generated/opcodes";

/** Return addresses that are not in any function: {CHARGE 0}{op}. */
const stubs: usize = memory.data(32, 8);

/** Where a link points when its function was entered by threadEnter. */
@inline
export function stubEntryReturn(): usize {
  return stubs;
}

/** Where a link points when the call changed the instance. */
@inline
export function stubCrossReturn(): usize {
  return stubs + 16;
}

/** Writes the stubs; idempotent. */
export function stubsPrepare(): void {
  store<u64>(stubs, OP_CHARGE);
  store<u64>(stubs, OP_ENTRY_RETURN, 8);
  store<u64>(stubs, OP_CHARGE, 16);
  store<u64>(stubs, OP_CROSS_RETURN, 24);
}

/** Func of a FuncRef; 0 for host functions. */
@inline
export function entryCode(ref: usize): usize {
  return changetype<FuncRef>(ref).func;
}

/** Func that holds this code address; 0 = none of the instance's module. Code lies in function order: binary search. */
export function functionAt(instance: usize, pc: usize): usize {
  const m = changetype<Instance>(instance).module;
  let low = m.funcImports;
  let high = m.funcCount;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (moduleFunc(m, middle).codeEnd <= pc) low = middle + 1;
    else high = middle;
  }
  if (low >= m.funcCount) return 0;
  const func = moduleFunc(m, low);
  return func.code <= pc ? changetype<usize>(func) : 0;
}

@inline
function metaAt(func: Func, pc: usize): u32 {
  return load<u32>(func.meta + ((pc - func.code) >>> 1));
}

/** Offset in the module of the instruction that the word at pc came from. */
export function offsetAt(func: Func, pc: usize): u32 {
  return metaAt(func, pc) & 0xffffff;
}

/** Fuel of the operation at pc. */
export function costAt(func: Func, pc: usize): u32 {
  return metaAt(func, pc) >>> 24;
}

export function moduleOf(instance: usize): Module {
  return changetype<Instance>(instance).module;
}
