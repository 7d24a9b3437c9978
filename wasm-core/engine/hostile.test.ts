// Sizes chosen to hurt: everything is either refused by name of the limit, or costs what the limits allow.
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { assemble, HEADER, I32, I64, section, signed, unsigned, vector } from "./testing/assemble.ts";
import { type BodiesSource, EMPTY_TYPE, fromBodies, repeat, wideType } from "./testing/bodies.ts";
import { Engine, RAN } from "./testing/engine.ts";

/** Steps that loading a module may take (limits.ts), and what one instruction may add before it is noticed. */
const STEPS_MAX = 128 << 20;
const STEPS_ONCE = 300_000;
const E_LIMIT = 4;

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create();
});
beforeEach(() => engine.reset());

const ZERO = [0x41, 0];
const DROP = [0x1a];
const body = (...code: number[][]): BodiesSource => ({ functions: [{ body: [0].concat(...code, [0x0b]) }] });
/** [] → [i32 × count] */
const resultsOf = (count: number) => [0x60, 0, ...unsigned(count), ...new Array<number>(count).fill(I32)];
const STEPS_TEXT = "more steps";
const wide = (...code: number[][]): BodiesSource => ({ ...body(...code), types: [EMPTY_TYPE, wideType(1000)] });

/** 2^stages byte strings with one hash (types.ts and names.ts hash alike): each stage has two blocks that lead to one state. */
function collisions(stages: number): number[][] {
  const letter = (n: number, i: number) => 97 + ((Math.imul(n + 1, 0x9e3779b1 + 2 * i * 0x1b873593) >>> 8) % 26);
  const step = (state: number, byte: number) => {
    const mixed = state ^ byte;
    return Math.imul((mixed << 9) | (mixed >>> 23), 0x01000193);
  };
  let state = 0x811c9dc5 | 0;
  let found: number[][] = [[]];
  for (let stage = 0; stage < stages; stage++) {
    const seen = new Map<number, number[]>();
    for (let n = 0; ; n++) {
      const bytes = Array.from({ length: 8 }, (_, i) => letter(n, i));
      const end = bytes.reduce(step, state);
      const other = seen.get(end);
      if (!other || String(other) === String(bytes)) {
        seen.set(end, bytes);
        continue;
      }
      found = found.flatMap((text) => [text.concat(bytes), text.concat(other)]);
      state = end;
      break;
    }
  }
  return found;
}

const load = (source: BodiesSource): string => loadBytes(fromBodies(source));

/** Loads, and answers the text of the limit when refused. What is refused leaves nothing behind. */
function loadBytes(bytes: Uint8Array<ArrayBuffer>): string {
  const at = engine.put(bytes);
  // The first module of all makes working storage, which is kept.
  engine.wasm.moduleValidate(at, 0);
  const used = engine.wasm.arenaUsed();
  const module = engine.wasm.moduleLoad(at, bytes.length);
  expect(engine.wasm.loadSteps()).toBeLessThan(STEPS_MAX + STEPS_ONCE);
  if (module) return "loaded";
  expect(engine.wasm.arenaUsed()).toBe(used);
  expect(engine.error().code).toBe(E_LIMIT);
  return engine.error().text;
}

/** Calls f0 with this much fuel in one piece; answers what it ran into. */
function run(source: BodiesSource, fuel: number, args: bigint[] = [], func = 0) {
  const instance = engine.instantiate(fromBodies(source));
  const thread = engine.thread(1 << 20, 5000);
  engine.enter(thread, instance, func, args);
  engine.setFuel(thread, BigInt(fuel));
  const ran = engine.run(thread);
  return { ran, thread, used: fuel - Number(engine.fuel(thread)) };
}

describe("hostile bodies", () => {
  it("may have 50 000 locals, and no more", () => {
    const locals = (count: number) => ({ functions: [{ body: [1, ...unsigned(count), I64, 0x0b] }] });
    expect(load(locals(50_000))).toBe("loaded");
    expect(load(locals(50_001))).toContain("too many locals");
    expect(load(locals(0xffffffff))).toContain("too many locals");
  });

  it("pay for clearing their locals: 1 for 64 bytes", () => {
    const fuelOf = (locals: number) => {
      engine.reset();
      const callee = { body: [1, ...unsigned(locals), I64, 0x0b] };
      const { ran, used } = run({ functions: [{ body: [0, 0x10, 1, 0x0b] }, callee] }, 1_000_000);
      expect(ran).toBe(RAN.returned);
      return used;
    };
    expect([1, 256, 264, 50_000].map(fuelOf)).toEqual([1, 1, 1 + 33, 1 + 6250]);
  });

  it("pay for the values a branch, a return or a tail call carries: 1 for 64 bytes", () => {
    const values = repeat(1000, ZERO);
    const drops = repeat(1000, DROP);
    const fuelOf = (...code: number[][]) => {
      engine.reset();
      const { ran, used } = run(wide(...code), 1_000_000);
      expect(ran).toBe(RAN.returned);
      return used;
    };
    // block (result i32 × 1000) 0 (1000 values) br 0 end drop …; the value below is what makes them move
    const type = 2;
    const source = (...code: number[][]) => ({
      ...wide(...code),
      types: [EMPTY_TYPE, wideType(1000), resultsOf(1000)],
    });
    const fuel = (...code: number[][]) => {
      engine.reset();
      return run(source(...code), 1_000_000).used;
    };
    expect(fuel([0x02, type], values, [0x0b], drops)).toBe(2001);
    expect(fuel([0x02, type], ZERO, values, [0x0c, 0, 0x0b], drops)).toBe(2003 + 125);
    expect(fuel([0x02, type], ZERO, values, ZERO, [0x0d, 0, 0x0c, 0, 0x0b], drops)).toBe(2005 + 250);
    expect(fuel([0x02, type], ZERO, values, ZERO, [0x0e, 0, 0, 0x0b], drops)).toBe(2004 + 125);
    expect(fuelOf(values, drops)).toBe(2000);
    // f1 returns a thousand values; f2 leaves them to it
    const many = { type: 1, body: [0, ...repeat(1000, [0x20, 0]), 0x0b] };
    const tail = { type: 1, body: [0, ...repeat(1000, [0x20, 0]), 0x12, 1, 0x0b] };
    const called = (callee: number) => {
      engine.reset();
      const bodies = [{ body: [0, ...values, 0x10, callee, ...drops, 0x0b] }, many, tail];
      return run({ ...wide(), functions: bodies }, 1_000_000).used;
    };
    // Their thousand parameters are locals, too.
    expect(called(1)).toBe(3001 + 125 + 125);
    expect(called(2)).toBe(4002 + 2 * 125 + 2 * 125);
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

  it("cost what the limit allows for types of a thousand values", () => {
    const values = repeat(1000, ZERO);
    const drops = repeat(1000, DROP);
    expect(load(wide(values, repeat(20_000, [0x02, 1, 0x0b]), drops))).toBe("loaded");
    expect(load(wide([0x00], repeat(20_000, [0x03, 1, 0x0b]), drops))).toBe("loaded");
    const called = { type: 1, body: [0, ...repeat(1000, [0x20, 0]), 0x0b] };
    const calls = wide(values, repeat(20_000, [0x10, 1]), drops);
    expect(load({ ...calls, functions: [...calls.functions, called] })).toBe("loaded");
    expect(load(wide(values, [0x02, 1], repeat(100_000, [...ZERO, 0x0d, 0]), [0x0b], drops))).toContain("too large");
    // More of the same than the limit allows: calls, blocks, loops that nothing reaches.
    const again = { ...wide(values, repeat(250_000, [0x10, 1]), drops) };
    expect(load({ ...again, functions: [...again.functions, called] })).toContain(STEPS_TEXT);
    expect(load(wide(values, repeat(170_000, [0x02, 1, 0x0b]), drops))).toContain(STEPS_TEXT);
    expect(load(wide([0x00], repeat(170_000, [0x03, 1, 0x0b]), drops))).toContain(STEPS_TEXT);
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

  it("and names, cost what the limit allows even if all have one hash", () => {
    const names = collisions(13);
    expect(new Set(names.map(String)).size).toBe(8192);
    const exporting = (count: number) => {
      const exports = names.slice(0, count).map((text) => [...unsigned(text.length), ...text, 0, 0]);
      const parts = [section(1, [1, ...EMPTY_TYPE]), section(3, [1, 0]), section(7, vector(exports))];
      return new Uint8Array([...HEADER, ...parts.flat(), ...section(10, [1, 2, 0, 0x0b])]);
    };
    expect(loadBytes(exporting(1000))).toBe("loaded");
    expect(engine.wasm.loadSteps()).toBeGreaterThan(1000 * 999 * 3);
    engine.reset();
    expect(loadBytes(exporting(8192))).toContain(STEPS_TEXT);
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
    const tables = [[0x70, 0, ...unsigned(16_384)]];
    const { ran, used } = run({ ...body([0x03, 0x40, ...fill, 0x0c, 0, 0x0b]), tables }, 1_000_000);
    expect([ran, used]).toEqual([RAN.fuel, 1_000_000]);
    engine.reset();
    // The instruction after it waits until it is paid: 8 entries are 64 bytes.
    const once = run({ ...body(fill, [0x41, 0, 0x1a]), tables }, 1_000_000);
    expect([once.ran, once.used]).toEqual([RAN.returned, 6 + 2048]);
  });
});

describe("deep recursion", () => {
  const trapOf = (code: number[], locals = [0]) => {
    const { ran, thread } = run(
      { functions: [{ body: [...locals, ...code, 0x0b] }], tables: [[0x70, 0, 1]] },
      10_000_000,
    );
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
