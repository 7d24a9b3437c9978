// Sizes chosen to hurt: everything is either refused by name of the limit, or costs what the limits allow.
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { assemble, I32, I64, signed, unsigned } from "./testing/assemble.ts";
import { type BodiesSource, EMPTY_TYPE, fromBodies, repeat, wideType } from "./testing/bodies.ts";
import { Engine, RAN } from "./testing/engine.ts";

/** No load here takes a second on an idle core; the machine may be busy. */
const LOAD_MS = 6000;
const E_LIMIT = 4;

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create();
});
beforeEach(() => engine.reset());

const ZERO = [0x41, 0];
const DROP = [0x1a];
const body = (...code: number[][]): BodiesSource => ({ functions: [{ body: [0].concat(...code, [0x0b]) }] });
const wide = (...code: number[][]): BodiesSource => ({ ...body(...code), types: [EMPTY_TYPE, wideType(1000)] });

/** Loads, and answers the text of the limit when refused. What is refused leaves nothing behind. */
function load(source: BodiesSource): string {
  const bytes = fromBodies(source);
  const at = engine.put(bytes);
  engine.wasm.moduleValidate(at, bytes.length);
  const used = engine.wasm.arenaUsed();
  const began = performance.now();
  const module = engine.wasm.moduleLoad(at, bytes.length);
  expect(performance.now() - began).toBeLessThan(LOAD_MS);
  if (module) return "loaded";
  expect(engine.wasm.arenaUsed()).toBe(used);
  expect([E_LIMIT, engine.error().func]).toEqual([engine.error().code, 0]);
  return engine.error().text;
}

/** Calls f0 with this much fuel in one piece; answers what it ran into and the milliseconds. */
function run(source: BodiesSource, fuel: number, args: bigint[] = [], func = 0) {
  const instance = engine.instantiate(fromBodies(source));
  const thread = engine.thread(1 << 20, 5000);
  engine.enter(thread, instance, func, args);
  engine.setFuel(thread, BigInt(fuel));
  const began = performance.now();
  const ran = engine.run(thread);
  return { ran, ms: performance.now() - began, thread, used: fuel - Number(engine.fuel(thread)) };
}

describe("hostile bodies", () => {
  it("may have 50 000 locals, and no more", () => {
    const locals = (count: number) => ({ functions: [{ body: [1, ...unsigned(count), I64, 0x0b] }] });
    expect(load(locals(50_000))).toBe("loaded");
    expect(load(locals(50_001))).toContain("too many locals");
    expect(load(locals(0xffffffff))).toContain("too many locals");
  });

  it("pay for clearing their locals", () => {
    // f0 calls f1, which has 50 000 locals, for ever.
    const caller = [0, 0x03, 0x40, 0x10, 1, 0x0c, 0, 0x0b, 0x0b];
    const { ran, ms } = run(
      { functions: [{ body: caller }, { body: [1, ...unsigned(50_000), I64, 0x0b] }] },
      1_000_000,
    );
    expect(ran).toBe(RAN.fuel);
    expect(ms).toBeLessThan(1000);
  });

  it("may nest blocks 4096 deep, and no deeper", () => {
    const nested = (depth: number, open: number[]) => body(repeat(depth, open), repeat(depth, [0x0b]));
    for (const open of [
      [0x02, 0x40],
      [0x03, 0x40],
      [...ZERO, 0x04, 0x40],
    ]) {
      expect(load(nested(4095, open))).toBe("loaded");
      expect(load(nested(150_000 / open.length, open))).toContain("nested too deeply");
    }
    expect(run(nested(4095, [0x02, 0x40]), 10_000).ran).toBe(RAN.returned);
  });

  it("may have a giant br_table, which goes where it says", () => {
    // block block (br_table 0 0 … 0 1 (index)) end return end f0 = 7
    const count = 60_000;
    const table = [0x20, 0, 0x0e, ...unsigned(count), ...repeat(count - 1, [0]), 1, 0];
    const code = [0x02, 0x40, 0x02, 0x40, ...table, 0x0b, 0x41, 3, 0x0f, 0x0b, 0x41, 7, 0x0b];
    const source = { types: [[0x60, 1, I32, 1, I32]], functions: [{ body: [0, ...code] }] };
    const native = new WebAssembly.Instance(new WebAssembly.Module(fromBodies(source))).exports.f0 as (
      x: number,
    ) => number;
    for (const index of [0, 1, count - 2, count - 1, count, 0xffffffff]) {
      const { thread } = run(source, 100, [BigInt(index)]);
      expect(engine.results(thread, 1)).toEqual([BigInt(native(index))]);
    }
  });

  it("cost time in proportion, whatever is on the stack", () => {
    const deep = (code: number[], locals = [0]) => ({
      functions: [{ body: locals.concat(repeat(13_000, [0x20, 0]), code, repeat(13_000, DROP), [0x0b]) }],
    });
    expect(load(deep(repeat(100_000, [0x41, 0, 0x21, 0]), [1, 1, I32]))).toBe("loaded");
    expect(load(deep(repeat(60_000, [0x20, 0, 0x41, 0, 0x21, 0, 0x1a]), [1, 1, I32]))).toBe("loaded");
    expect(load(deep(repeat(60_000, [0x20, 0, 0x02, 0x40, 0x0b, 0x1a]), [1, 1, I32]))).toBe("loaded");
    expect(load(body(repeat(14_001, ZERO), repeat(14_001, DROP)))).toContain("operand stack too deep");
  });

  it("cost no more for types of a thousand values", () => {
    const values = repeat(1000, ZERO);
    const drops = repeat(1000, DROP);
    expect(load(wide(values, repeat(20_000, [0x02, 1, 0x0b]), drops))).toBe("loaded");
    expect(load(wide([0x00], repeat(20_000, [0x03, 1, 0x0b]), drops))).toBe("loaded");
    const called = { type: 1, body: [0, ...repeat(1000, [0x20, 0]), 0x0b] };
    const calls = wide(values, repeat(20_000, [0x10, 1]), drops);
    expect(load({ ...calls, functions: [...calls.functions, called] })).toBe("loaded");
    expect(load(wide(values, [0x02, 1], repeat(100_000, [...ZERO, 0x0d, 0]), [0x0b], drops))).toContain("too large");
  });

  it("may number 16 384, each with 50 000 locals", () => {
    const functions = Array.from({ length: 16_384 }, () => ({ body: [1, ...unsigned(50_000), I64, 0x0b] }));
    expect(load({ functions })).toBe("loaded");
  });
});

describe("hostile types and tables", () => {
  it("are interned in time: thousands that differ at their ends", () => {
    const types = Array.from({ length: 4000 }, (_, i) => {
      const params = Array.from({ length: 200 }, (_, k) => (k > 187 && (i >> (k - 188)) & 1 ? I32 : I64));
      return [0x60, ...unsigned(200), ...params, 0];
    });
    expect(load({ ...body(), types: [EMPTY_TYPE, ...types] })).toBe("loaded");
  });

  it("are refused over their limits: entries when an instance is made, growth by -1", () => {
    const table = (min: number) => ({ ...body(), tables: [[0x70, 0, ...unsigned(min)]] });
    for (const min of [16_385, 1_000_000, 0xffffffff]) {
      const module = engine.loadOrThrow(fromBodies(table(min)));
      expect(engine.wasm.instanceCreate(module)).toBe(0);
    }
    const grow = (by: number) => [0xd0, 0x70, 0x41, ...signed(by), 0xfc, 15, 0];
    const source = (by: number): BodiesSource => ({
      types: [[0x60, 0, 1, I32]],
      functions: [{ body: [0, ...grow(by), 0x0b] }],
      tables: [[0x70, 0, 16]],
    });
    for (const [by, answer] of [
      [16_368, 16n],
      [16_369, 0xffffffffn],
      [-1, 0xffffffffn],
    ] as const) {
      engine.reset();
      expect(engine.results(run(source(by), 10_000).thread, 1)).toEqual([answer]);
    }
  });

  it("pay for what they fill", () => {
    // table.fill 0 null 16384, for ever
    const fill = [0x41, 0, 0xd0, 0x70, 0x41, ...signed(16_384), 0xfc, 17, 0];
    const { ran, ms, used } = run(
      { ...body([0x03, 0x40, ...fill, 0x0c, 0, 0x0b]), tables: [[0x70, 0, ...unsigned(16_384)]] },
      1_000_000,
    );
    expect([ran, used]).toEqual([RAN.fuel, 1_000_000]);
    expect(ms).toBeLessThan(1000);
  });
});

describe("deep recursion", () => {
  const trapOf = (code: number[], locals = [0]) => {
    const { ran, thread, ms } = run(
      { functions: [{ body: [...locals, ...code, 0x0b] }], tables: [[0x70, 0, 1]] },
      10_000_000,
    );
    expect(ms).toBeLessThan(LOAD_MS);
    return [ran, ran === RAN.trap ? engine.trap(thread) : "", engine.wasm.threadFrameCount(thread)];
  };

  it("traps at the limit of depth, or where the stack ends", () => {
    expect(trapOf([0x10, 0])).toEqual([RAN.trap, "stack", 5000]);
    const [ran, trap, frames] = trapOf([0x10, 0], [1, ...unsigned(1000), I64]);
    expect([ran, trap]).toEqual([RAN.trap, "stack"]);
    expect(frames).toBeGreaterThan(100);
    expect(frames).toBeLessThan(140);
  });

  it("needs no stack in tail calls", () => {
    expect(trapOf([0x12, 0])).toEqual([RAN.fuel, "", 1]);
    // To and fro between frames of different sizes.
    const { ran } = run(
      { functions: [{ body: [0, 0x12, 1, 0x0b] }, { body: [1, ...unsigned(200), I64, 0x12, 0, 0x0b] }] },
      1_000_000,
    );
    expect(ran).toBe(RAN.fuel);
  });

  it("may stand at the limit in a tail call, and passes it in no other instance either", () => {
    // To and fro, and the second frame reaches where none has been.
    const large = { body: [1, ...unsigned(2000), I64, 0x12, 0, 0x0b] };
    const tail = engine.instantiate(fromBodies({ functions: [{ body: [0, 0x12, 1, 0x0b] }, large] }));
    const single = engine.thread(1 << 16, 1);
    engine.enter(single, tail, 0, []);
    engine.setFuel(single, 10_000n);
    expect(engine.run(single)).toBe(RAN.fuel);

    // f(n): n ? f(n - 1) : other(), in a thread of ten frames
    const down = [0x20, 0, 0x04, 0x40, 0x20, 0, 0x41, 1, 0x6b, 0x10, 1, 0x05, 0x10, 0, 0x0b];
    const other = engine.instantiate(fromBodies({ functions: [{ body: [0, 0x0b] }] }));
    const source = assemble({ imports: [["other", "f0", [], []]], functions: [{ params: [I32], code: down }] });
    const instance = engine.wasm.instanceCreate(engine.loadOrThrow(source));
    engine.wasm.bindFunc(instance, 0, other, 0);
    expect(engine.wasm.instanceInit(instance)).toBe(1);
    const thread = engine.thread(1 << 16, 10);
    for (const [n, expected] of [
      [8n, RAN.returned],
      [9n, RAN.trap],
      [10n, RAN.trap],
    ] as const) {
      engine.wasm.threadReset(thread);
      engine.enter(thread, instance, 1, [n]);
      expect(engine.runSliced(thread, () => 1000).ran).toBe(expected);
    }
  });
});
