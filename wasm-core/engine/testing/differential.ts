// Runs one random module in V8 and in the engine and compares results, traps, memory and globals after every call.

import { must } from "../opcodes/must.ts";
import { I32, I64 } from "./assemble.ts";
import { type Engine, RAN } from "./engine.ts";
import { RandomModule } from "./random-module.ts";
import { F32, Random } from "./random-tables.ts";

/** Text of V8's trap messages by our kinds. */
const V8_TRAPS: [RegExp, string][] = [
  [/unreachable/, "unreachable"],
  [/memory access out of bounds|data segment out of bounds/, "memory bounds"],
  [/table index is out of bounds|table access out of bounds|table or table/, "table bounds"],
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

export interface Outcome {
  calls: number;
  returned: number;
  /** Empty when everything agreed. */
  difference: string;
}

const view = new DataView(new ArrayBuffer(8));

function toBits(type: number, value: number | bigint): bigint {
  if (type === I32) return BigInt.asUintN(32, BigInt(value));
  if (type === I64) return BigInt.asUintN(64, value as bigint);
  if (type === F32) {
    view.setFloat32(0, value as number, true);
    return Number.isNaN(value) ? 0x7fc00000n : BigInt(view.getUint32(0, true));
  }
  view.setFloat64(0, value as number, true);
  return Number.isNaN(value) ? 0x7ff8000000000000n : view.getBigUint64(0, true);
}

function fromBits(type: number, bits: bigint): number | bigint {
  view.setBigUint64(0, bits, true);
  if (type === I32) return view.getInt32(0, true);
  if (type === I64) return view.getBigInt64(0, true);
  return type === F32 ? view.getFloat32(0, true) : view.getFloat64(0, true);
}

function callV8(run: () => unknown, types: number[]): string {
  try {
    const result = run();
    const values = types.length === 0 ? [] : types.length === 1 ? [result] : [...(result as Iterable<unknown>)];
    return values.map((value, i) => toBits(must(types[i], "type"), value as number | bigint)).join(" ");
  } catch (error) {
    const text = String(error);
    return V8_TRAPS.find(([pattern]) => pattern.test(text))?.[1] ?? text;
  }
}

const GLOBAL_TYPES = [I32, I32, I64, F32, 0x7c];

/** `slice` gives the fuel of each threadRun. */
export function compareModule(engine: Engine, seed: number, slice: () => number): Outcome {
  const source = new RandomModule(seed);
  const bytes = source.bytes();
  const random = new Random(seed + 77);
  const outcome: Outcome = { calls: 0, returned: 0, difference: "" };
  let native: WebAssembly.Instance;
  try {
    native = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  } catch (error) {
    return { ...outcome, difference: `the generator made an invalid module: ${(error as Error).message}` };
  }
  engine.reset();
  const instance = engine.instantiate(bytes);
  const thread = engine.thread(1 << 20, 100_000);
  for (let i = 0; i < 2 * source.signatures.length && !outcome.difference; i++) {
    const index = i % source.signatures.length;
    const { params, results } = must(source.signatures[index], "signature");
    const args = params.map((type) =>
      random.chance(50)
        ? toBits(type, fromBits(type, BigInt(random.pick([0, 1, 0xffffffff, 0x80000000, 5]))))
        : toBits(type, fromBits(type, (BigInt(random.next()) << 32n) | BigInt(random.next()))),
    );
    resetBudget(engine, instance, native);
    const expected = callV8(
      () =>
        (native.exports[`f${index}`] as (...a: unknown[]) => unknown)(
          ...params.map((type, k) => fromBits(type, must(args[k], "argument"))),
        ),
      results,
    );
    // V8's stack is not ours: such a call proves nothing, and leaves different state.
    if (expected === "stack") return outcome;
    engine.wasm.threadReset(thread);
    engine.enter(thread, instance, index, args);
    const { ran } = engine.runSliced(thread, slice);
    const trap = ran === RAN.trap ? engine.trap(thread) : "";
    if (trap === "stack") return outcome;
    const actual =
      ran === RAN.returned
        ? engine.results(thread, results.length).join(" ")
        : (OUR_TRAPS[trap] ?? (trap || `ran ${ran}`));
    outcome.calls += 1;
    if (ran === RAN.returned) outcome.returned += 1;
    const overflow = expected === "float" && actual === "integer overflow";
    if (actual !== expected && !overflow)
      outcome.difference = `seed ${seed} f${index}(${args.join(", ")}): ${actual}, V8 ${expected}`;
    else outcome.difference = compareState(engine, instance, native, `seed ${seed} after f${index}`);
  }
  return outcome;
}

function resetBudget(engine: Engine, instance: number, native: WebAssembly.Instance): void {
  (native.exports.g0 as WebAssembly.Global).value = 2000;
  engine.view.setBigUint64(engine.wasm.globalAddress(instance, 0) >>> 0, 2000n, true);
}

function compareState(engine: Engine, instance: number, native: WebAssembly.Instance, where: string): string {
  for (const [i, type] of GLOBAL_TYPES.entries()) {
    const expected = toBits(type, (native.exports[`g${i}`] as WebAssembly.Global).value as number | bigint);
    const actual = engine.view.getBigUint64(engine.wasm.globalAddress(instance, i) >>> 0, true);
    if (actual !== expected) return `${where}: global ${i} is ${actual}, V8 ${expected}`;
  }
  const expected = Buffer.from((native.exports.memory as WebAssembly.Memory).buffer);
  const actual = engine.bytes(engine.wasm.memoryBase(instance) >>> 0, engine.wasm.memorySize(instance));
  return expected.equals(actual) ? "" : `${where}: memories differ`;
}
