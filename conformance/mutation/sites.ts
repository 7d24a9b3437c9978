/** Places of a half where one small thing can be made wrong, and the half with it made wrong. */
import { type Instruction, OP, stackEffect, writeLeb } from "./instructions.ts";
import { calledName, calledType, type Func, type Module, type Patch, patchCode } from "./wasm.ts";

export type SiteKind = "dropped call" | "dropped fence" | "negated branch" | "off by one" | "swapped stores";

export interface Site {
  /** The same as long as the function does not change: "host/halt/kickHalted dropped call 2: host.kick". */
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
  const counts = new Map<SiteKind, number>();
  const name = func.name.replace(/^conformance\/backends\//, "");
  const site = (kind: SiteKind, what: string, at: number, patch: Patch): Site => {
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    return { id: `${name} ${kind} ${count}: ${what}`, func: name, kind, at, patch };
  };
  const single = func.instructions.flatMap((item) => {
    const found = singleSite(module, item);
    return found ? [site(found.kind, found.what, item.at, found.patch)] : [];
  });
  const swaps = storePairs(module, func).map(({ first, second, what }) => {
    const { bytes } = module;
    const swapped = [...bytes.subarray(second.at, second.end), ...bytes.subarray(first.at, first.end)];
    return site("swapped stores", what, first.last, { at: first.at, end: second.end, bytes: swapped });
  });
  return [...single, ...swaps].sort((a, b) => a.at - b.at);
}

function singleSite(module: Module, item: Instruction): { kind: SiteKind; what: string; patch: Patch } | null {
  const { at, end, op, value } = item;
  if (op === OP.call) {
    const { params, results } = calledType(module, item);
    const what = calledName(module, item).replace(/^conformance\/backends\//, "");
    const bytes = [...params.map(() => OP.drop), ...results.flatMap(zero)];
    return { kind: fences.test(what) ? "dropped fence" : "dropped call", what, patch: { at, end, bytes } };
  }
  if (op === OP.if || op === OP.brIf || op === OP.select) {
    const what = op === OP.if ? "if" : op === OP.brIf ? "br_if" : "select";
    return { kind: "negated branch", what, patch: { at, end: at, bytes: [OP.i32Eqz] } };
  }
  if (op === OP.i32Const || op === OP.i64Const) {
    const wrong = neighbour(op, value);
    return {
      kind: "off by one",
      what: `${wrong} for ${value}`,
      patch: { at, end, bytes: [op, ...writeLeb(wrong, true)] },
    };
  }
  return null;
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
