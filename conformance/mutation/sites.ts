/** Places of a half where one small thing can be made wrong, and the half with it made wrong. */
import { type Instruction, OP, stackEffect, writeLeb } from "./instructions.ts";
import { mnemonic } from "./mnemonics.ts";
import { calledName, calledType, type Func, type Module, type Patch, patchCode } from "./wasm.ts";

export type SiteKind = "dropped call" | "dropped fence" | "negated branch" | "off by one" | "swapped stores";

export interface Site {
  /**
   * Function, kind, what is changed and where it goes, then a number where these are the same twice in the function:
   * "kvm/host/halt/kickHalted off by one: 1 for 0 in host.kick #2". No other function's code has a part in it.
   */
  id: string;
  func: string;
  kind: SiteKind;
  /** Offset of the instruction it is about: what reaches it reaches the mutant. */
  at: number;
  patch: Patch;
}

const fences = /\.(mfence|sfence|lfence)$/;
const storeCalls = /\.(store8|store16|store32|store64|rmw|cmpxchg|copy_out|fill)$/;

/** Every site of the module's own functions, in their order; the language's library is left alone. */
export function sitesOf(module: Module): Site[] {
  return module.funcs.filter(({ name }) => !name.startsWith("~lib/")).flatMap((func) => sitesOfFunction(module, func));
}

export function mutate(module: Module, site: Site): Uint8Array<ArrayBuffer> {
  return patchCode(module, [site.patch]);
}

function sitesOfFunction(module: Module, func: Func): Site[] {
  const counts = new Map<string, number>();
  const name = shortName(func.name);
  const site = (kind: SiteKind, what: string, at: number, patch: Patch): Site => {
    const words = `${name} ${kind}: ${what}`;
    const count = (counts.get(words) ?? 0) + 1;
    counts.set(words, count);
    return { id: count > 1 ? `${words} #${count}` : words, func: name, kind, at, patch };
  };
  const single = func.instructions.flatMap((_, index) => {
    const item = func.instructions[index] as Instruction;
    const found = singleSite(module, func, index);
    return found ? [site(found.kind, found.what, item.at, found.patch)] : [];
  });
  const swaps = storePairs(module, func).map(({ first, second, what }) => {
    const { bytes } = module;
    const swapped = [...bytes.subarray(second.at, second.end), ...bytes.subarray(first.at, first.end)];
    return site("swapped stores", what, first.last, { at: first.at, end: second.end, bytes: swapped });
  });
  return [...single, ...swaps].sort((a, b) => a.at - b.at);
}

function singleSite(module: Module, func: Func, index: number): { kind: SiteKind; what: string; patch: Patch } | null {
  const item = func.instructions[index] as Instruction;
  const { at, end, op, value } = item;
  if (op === OP.call) {
    const { params, results } = calledType(module, item);
    const what = nameOf(module, item);
    const bytes = [...params.map(() => OP.drop), ...results.flatMap(zero)];
    return { kind: fences.test(what) ? "dropped fence" : "dropped call", what, patch: { at, end, bytes } };
  }
  if (op === OP.if || op === OP.brIf || op === OP.select) {
    const what = `${mnemonic(op)} on ${conditionOf(module, func, index)}`;
    return { kind: "negated branch", what, patch: { at, end: at, bytes: [OP.i32Eqz] } };
  }
  if (op === OP.i32Const || op === OP.i64Const) {
    const wrong = neighbour(op, value);
    return {
      kind: "off by one",
      what: `${wrong} for ${value} in ${takerOf(module, func, index)}`,
      patch: { at, end, bytes: [op, ...writeLeb(wrong, true)] },
    };
  }
  return null;
}

const shortName = (name: string): string => name.replace(/^conformance\/backends\//, "");

/** What a call calls, or the mnemonic of any other instruction. */
function nameOf(module: Module, item: Instruction): string {
  return item.op === OP.call ? shortName(calledName(module, item)) : mnemonic(item.op);
}

/** The last instruction before a branch, with what it compares with if that is a constant: "i32.eq 3". */
function conditionOf(module: Module, func: Func, index: number): string {
  const [operand, condition] = func.instructions.slice(Math.max(index - 2, 0), index);
  if (!condition) return "nothing";
  const isConstant = operand && (operand.op === OP.i32Const || operand.op === OP.i64Const);
  const compares = condition.op >= OP.i32Eqz && condition.op <= OP.i64GeU;
  return `${nameOf(module, condition)}${isConstant && compares ? ` ${operand.value}` : ""}`;
}

/** The instruction that takes the value which the one at `index` leaves, as far as the straight line goes. */
function takerOf(module: Module, func: Func, index: number): string {
  let above = 1;
  for (const item of func.instructions.slice(index + 1)) {
    const effect = effectOf(module, item);
    if (!effect || effect[0] >= above) return nameOf(module, item);
    above += effect[1] - effect[0];
  }
  return "end";
}

/** One more, or one less than a power of two: one more than a flag or a truth value often means the same. */
function neighbour(op: number, value: bigint): bigint {
  const power = value > 0n && (value & (value - 1n)) === 0n;
  return BigInt.asIntN(op === OP.i32Const ? 32 : 64, power ? value - 1n : value + 1n);
}

/** A constant 0 of a value type. */
function zero(type: number): number[] {
  if (type === 0x7f) return [OP.i32Const, 0];
  if (type === 0x7e) return [OP.i64Const, 0];
  return type === 0x7d ? [0x43, 0, 0, 0, 0] : [0x44, 0, 0, 0, 0, 0, 0, 0, 0];
}

interface Statement {
  at: number;
  end: number;
  /** Offset of the store itself. */
  last: number;
  what: string;
}

/** Neighbouring statements that both store, inside one straight line. */
function storePairs(module: Module, func: Func): { first: Statement; second: Statement; what: string }[] {
  const pairs: { first: Statement; second: Statement; what: string }[] = [];
  let before: Statement | null = null;
  for (const statement of statements(module, func)) {
    if (before && statement && before.end === statement.at)
      pairs.push({ first: before, second: statement, what: `${before.what} and ${statement.what}` });
    before = statement;
  }
  return pairs;
}

/** Statements that leave the stack as it was; null for one that stores nothing, or where the line ends. */
function statements(module: Module, func: Func): (Statement | null)[] {
  const list: (Statement | null)[] = [];
  let height = 0;
  let start = func.code;
  let store: { at: number; what: string } | null = null;
  for (const item of func.instructions) {
    const effect = effectOf(module, item);
    height += effect ? effect[1] - effect[0] : 0;
    const what = storeOf(module, item);
    if (what) store = { at: item.at, what };
    if (effect && height > 0) continue;
    const whole = effect && height === 0 && store;
    list.push(whole && store ? { at: start, end: item.end, last: store.at, what: store.what } : null);
    height = 0;
    start = item.end;
    store = null;
  }
  return list;
}

function effectOf(module: Module, item: Instruction): [number, number] | null {
  if (item.op !== OP.call) return stackEffect(item.op);
  const { params, results } = calledType(module, item);
  return [params.length, results.length];
}

function storeOf(module: Module, item: Instruction): string | null {
  if (item.op >= OP.i32Store && item.op <= OP.i64Store32) return "memory";
  const name = item.op === OP.call ? calledName(module, item) : "";
  return storeCalls.test(name) ? name : null;
}
