// Runs one module in V8 and in the engine and compares results, traps, host calls, memory and globals after every call.
import { must } from "../opcodes/must.ts";
import { fromBits, isReference, toBits } from "./bits.ts";
import { type Coverage, type Places, placesOf } from "./coverage.ts";
import { type Engine, RAN } from "./engine.ts";
import { bindEngine, bindNative, GLOBAL_BUDGETS, resetBudgets } from "./instances.ts";
import { Isolation } from "./isolation.ts";
import { Random } from "./random-tables.ts";

/** Text of V8's trap messages by our kinds. */
const V8_TRAPS: [RegExp, string][] = [
  [/unreachable/, "unreachable"],
  [/memory access out of bounds|data segment out of bounds/, "memory bounds"],
  [
    /table index is out of bounds|table access out of bounds|table or table|element segment out of bounds/,
    "table bounds",
  ],
  [/null function or function signature mismatch|RuntimeError: .*signature mismatch/, "indirect"],
  [/divide by zero|remainder by zero/, "divide by zero"],
  [/divide result unrepresentable/, "integer overflow"],
  [/float unrepresentable/, "float"],
  [/Maximum call stack/, "stack"],
];
const OUR_TRAPS: Record<string, string> = {
  "indirect null": "indirect",
  "indirect type": "indirect",
  "invalid conversion": "float",
};
const STEPS_MAX = 3000;
const FUEL_MAX = 20_000_000;
/** The engine's limit for a memory; V8 may grow further, then nothing can be compared any more. */
const PAGES_MAX = 64;

export interface Outcome {
  calls: number;
  returned: number;
  /** Empty when everything agreed. */
  difference: string;
}

export interface Way {
  engine: Engine;
  /** Decides arguments and snapshots. */
  random: Random;
  /** Fuel of each threadRun. */
  slice: () => number;
  /** Calls of every export. */
  rounds: number;
  /** Steps through the beginning of every call for it. */
  coverage?: Coverage;
}

interface Callee {
  name: string;
  index: number;
  params: number[];
  results: number[];
}

const START: Callee = { name: "start", index: 0, params: [], results: [] };

/** One module with instances of it on both sides. Throws what WebAssembly throws when V8 refuses it. */
class Pair {
  readonly calls: string[][] = [[], []];
  readonly native: WebAssembly.Instance;
  readonly instance: number;
  readonly thread: number;
  readonly isolation: Isolation;
  readonly callees: Callee[];
  private readonly places: Places;
  private readonly way: Way;
  /** Draws of its own, so that arguments do not depend on how calls are run. */
  private readonly modes: Random;

  constructor(bytes: Uint8Array<ArrayBuffer>, way: Way) {
    const { engine } = way;
    this.places = way.coverage ? placesOf(bytes) : new Map();
    this.way = way;
    this.modes = new Random(way.random.next());
    const module = new WebAssembly.Module(bytes);
    this.native = bindNative(module, must(this.calls[0], "log"));
    const imports = WebAssembly.Module.imports(module);
    engine.reset();
    this.isolation = new Isolation(engine);
    // Another instance that nothing calls: it must not change.
    bindEngine(engine, bytes, imports, []);
    this.isolation.canary();
    this.instance = bindEngine(engine, bytes, imports, must(this.calls[1], "log"));
    this.isolation.canary();
    this.thread = engine.thread(1 << 20, 100_000);
    this.isolation.canary();
    this.start();
    this.isolation.watch(this.instance, this.thread);
    this.callees = WebAssembly.Module.exports(module)
      .filter(({ kind, name }) => kind === "function" && !name.startsWith(GLOBAL_BUDGETS))
      .map(({ name }) => this.callee(name));
  }

  /** V8 ran the start function when it made the instance. */
  private start(): void {
    const { engine, slice } = this.way;
    const start = engine.wasm.startFunction(engine.wasm.instanceModule(this.instance));
    if (start < 0) return;
    engine.enter(this.thread, this.instance, start, []);
    const { ran } = engine.runSliced(this.thread, slice, FUEL_MAX);
    if (ran !== RAN.returned) throw new Error(`the start function returned in V8, here ${this.answer(ran, START)}`);
  }

  private callee(name: string): Callee {
    const { wasm } = this.way.engine;
    const index = this.way.engine.exported(this.instance, name);
    const type = wasm.funcType(wasm.instanceModule(this.instance), index);
    const list = (count: number, at: (i: number) => number) => Array.from({ length: count }, (_, i) => at(i));
    const params = list(wasm.typeParamCount(type), (i) => wasm.typeParam(type, i));
    return { name, index, params, results: list(wasm.typeResultCount(type), (i) => wasm.typeResult(type, i)) };
  }

  callNative(callee: Callee, args: bigint[]): string {
    try {
      const run = this.native.exports[callee.name] as (...a: unknown[]) => unknown;
      const result = run(...callee.params.map((type, i) => fromBits(type, must(args[i], "argument"))));
      const values = callee.results.length < 2 ? [result] : [...(result as Iterable<unknown>)];
      return callee.results.map((type, i) => toBits(type, values[i])).join(" ");
    } catch (error) {
      const text = String(error);
      return V8_TRAPS.find(([pattern]) => pattern.test(text))?.[1] ?? text;
    }
  }

  callEngine(callee: Callee, args: bigint[]): string {
    const { engine, coverage, slice } = this.way;
    engine.wasm.threadReset(this.thread);
    engine.enter(this.thread, this.instance, callee.index, args);
    if (coverage) {
      const { ran } = coverage.step(engine, this.thread, this.places, STEPS_MAX);
      if (ran !== RAN.fuel) return this.answer(ran, callee);
    }
    if (!this.modes.chance(3)) return this.answer(engine.runSliced(this.thread, slice, FUEL_MAX).ran, callee);
    return this.callTwice(callee);
  }

  /** Stops somewhere, takes a snapshot, runs to the end, goes back and runs to the end in other slices: results, fuel and state agree. */
  private callTwice(callee: Callee): string {
    const { engine, slice } = this.way;
    const log = must(this.calls[1], "log");
    engine.setFuel(this.thread, BigInt(1 + this.modes.below(300)));
    const ran = engine.run(this.thread);
    if (ran !== RAN.fuel) return this.answer(ran, callee);
    const logged = log.length;
    if (!engine.wasm.snapshotTake()) throw new Error("no room for a snapshot");
    const finish = (size: () => number) => {
      // A restore also clears what earlier calls left above the live end of the stack: both runs begin behind one.
      engine.wasm.snapshotRestore();
      log.length = logged;
      const { ran, used } = engine.runSliced(this.thread, size, FUEL_MAX);
      const text = this.answer(ran, callee);
      engine.setFuel(this.thread, 0n);
      return { text, used, digest: engine.wasm.snapshotDigest() };
    };
    const first = finish(slice);
    if (first.used >= FUEL_MAX) return first.text;
    const size = first.used > STEPS_MAX ? 1000 : this.modes.pick([1, 7, 1000, FUEL_MAX]);
    const second = finish(() => size);
    const agree = first.text === second.text && first.used === second.used && first.digest === second.digest;
    return agree ? second.text : `${Object.values(first)} but in slices of ${size} ${Object.values(second)}`;
  }

  private answer(ran: number, callee: Callee): string {
    const { engine } = this.way;
    if (ran === RAN.trap) {
      const trap = engine.trap(this.thread);
      return OUR_TRAPS[trap] ?? trap;
    }
    if (ran !== RAN.returned) return `ran ${ran}`;
    const values = engine.results(this.thread, callee.results.length);
    // Bits as they are: every NaN must be the canonical one. Of a reference only whether it is null can be compared.
    const shown = (type: number, bits: bigint) => (isReference(type) ? toBits(type, fromBits(type, bits)) : bits);
    return callee.results.map((type, i) => shown(type, must(values[i], "result"))).join(" ");
  }

  /** How the states of the two sides differ; empty when they do not. */
  compareState(): string {
    const { engine } = this.way;
    const [native, ours] = this.calls.map((log) => log.splice(0).join("\n"));
    if (native !== ours) return `host calls ${ours}, V8 ${native}`;
    for (const [name, value] of Object.entries(this.native.exports)) {
      if (!(value instanceof WebAssembly.Global)) continue;
      const at = engine.wasm.globalAddress(this.instance, engine.exported(this.instance, name, 3)) >>> 0;
      const bits = engine.view.getBigUint64(at, true);
      if (!agreesWith(bits, value.value)) return `global ${name} is ${bits}, V8 ${value.value}`;
    }
    const memory = Object.values(this.native.exports).find((value) => value instanceof WebAssembly.Memory);
    if (!memory) return "";
    const actual = engine.bytes(engine.wasm.memoryBase(this.instance) >>> 0, engine.wasm.memorySize(this.instance));
    return Buffer.from(memory.buffer).equals(actual) ? "" : "memories differ";
  }

  /** Whether V8 grew a memory over the engine's limit. */
  outgrown(): boolean {
    return Object.values(this.native.exports).some(
      (value) => value instanceof WebAssembly.Memory && value.buffer.byteLength > PAGES_MAX << 16,
    );
  }

  resetBudgets(): void {
    resetBudgets(this.way.engine, this.instance, this.native);
  }
}

/** A global's bits against the value JavaScript shows, whose type is not told: any encoding of it counts. */
function agreesWith(bits: bigint, value: unknown): boolean {
  if (typeof value === "bigint") return toBits(0x7e, value) === bits;
  if (typeof value !== "number") return (value === null) === (bits === 0n);
  return [0x7f, 0x7d, 0x7c].some((type) => (type !== 0x7f || Number.isInteger(value)) && toBits(type, value) === bits);
}

function argument(type: number, random: Random): bigint {
  if (isReference(type)) return 0n;
  const bits = random.chance(50)
    ? BigInt(random.pick([0, 1, 0xffffffff, 0x80000000, 5]))
    : (BigInt(random.next()) << 32n) | BigInt(random.next());
  return toBits(type, fromBits(type, bits));
}

/** Compares every export of a module, `rounds` times. */
export function compareBytes(bytes: Uint8Array<ArrayBuffer>, label: string, way: Way): Outcome {
  const outcome: Outcome = { calls: 0, returned: 0, difference: "" };
  const pair = new Pair(bytes, way);
  for (let i = 0; i < way.rounds * pair.callees.length; i++) {
    const callee = must(pair.callees[i % pair.callees.length], "export");
    const args = callee.params.map((type) => argument(type, way.random));
    const where = `${label} ${callee.name}(${args.join(", ")})`;
    pair.resetBudgets();
    const expected = pair.callNative(callee, args);
    // V8's stack and memory are not ours: such a call proves nothing, and leaves different state.
    if (expected === "stack" || pair.outgrown()) break;
    const actual = pair.callEngine(callee, args);
    if (actual === "stack") break;
    outcome.calls += 1;
    if (!V8_TRAPS.some(([, kind]) => kind === actual)) outcome.returned += 1;
    const overflow = expected === "float" && actual === "integer overflow";
    const differs = actual !== expected && !overflow ? `${actual}, V8 ${expected}` : pair.compareState();
    if (differs) return { ...outcome, difference: `${where}: ${differs}` };
  }
  const violation = pair.isolation.violation(pair.instance);
  return violation ? { ...outcome, difference: `${label}: ${violation}` } : outcome;
}
