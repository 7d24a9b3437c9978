import { beforeAll, describe, expect, it } from "vitest";
import { assemble, I32, signed } from "./testing/assemble.ts";
import { Engine, RAN } from "./testing/engine.ts";
import { Fuzzer } from "./testing/fuzz.ts";
import { Isolation } from "./testing/isolation.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create();
});

describe("fuzzing", () => {
  it("finds no difference to V8, nothing written outside, and reaches every opcode", () => {
    const fuzzer = new Fuzzer(engine, 2006);
    for (let index = 0; index < 400; index++) fuzzer.round(index);
    expect(fuzzer.differences).toEqual([]);
    expect(fuzzer.coverage.left).toEqual([]);
    expect(fuzzer.returning / fuzzer.modules).toBeGreaterThan(0.8);
    expect(fuzzer.calls).toBeGreaterThan(4000);
    expect(fuzzer.accepted).toBeGreaterThan(10);
  });
});

describe("a round", () => {
  it("follows from seed and index alone", () => {
    const counts = ({ modules, calls, returned, mutants, accepted }: Fuzzer) => [
      modules,
      calls,
      returned,
      mutants,
      accepted,
    ];
    const all = new Fuzzer(engine, 11);
    for (let index = 0; index < 12; index++) {
      const before = counts(all);
      all.round(index);
      const alone = new Fuzzer(engine, 11);
      alone.round(index);
      expect(counts(alone)).toEqual(counts(all).map((count, i) => count - (before[i] ?? 0)));
    }
    const other = new Fuzzer(engine, 12);
    for (let index = 0; index < 12; index++) other.round(index);
    expect(counts(other)).not.toEqual(counts(all));
  });
});

describe("isolation", () => {
  /** store(address, value) and the like in a memory of one page, beside another instance; a table and two globals. */
  const source = assemble({
    memory: [1, 2],
    table: [0],
    globals: [[I32, 7]],
    functions: [
      { export: "store", params: [I32, I32], code: [0x20, 0, 0x20, 1, 0x36, 2, 0] },
      { export: "set", params: [I32], code: [0x20, 0, 0x24, 0] },
      { export: "clear", params: [I32], code: [0x20, 0, 0xd0, 0x70, 0x26, 0] },
      { export: "fill", params: [I32, I32], code: [0x20, 0, 0x41, ...signed(1), 0x20, 1, 0xfc, 11, 0] },
    ],
  });

  const watched = () => {
    engine.reset();
    const isolation = new Isolation(engine);
    const instance = engine.instantiate(source);
    isolation.canary();
    const other = engine.instantiate(source);
    isolation.canary();
    const thread = engine.thread();
    isolation.watch(instance, thread);
    const call = (name: string, ...args: bigint[]) => {
      engine.wasm.threadReset(thread);
      engine.enter(thread, instance, engine.exported(instance, name), args);
      return engine.runSliced(thread, () => 100).ran;
    };
    return { isolation, instance, other, call };
  };
  /** The fields that the bounds checks trust. */
  const setSize = (record: number, size: number) => engine.view.setUint32(record + 4, size, true);

  it("holds for everything a module may do", () => {
    const { isolation, instance, call } = watched();
    expect(call("store", 65532n, 1n)).toBe(RAN.returned);
    expect(call("store", 65533n, 1n)).toBe(RAN.trap);
    expect(call("fill", 65530n, 7n)).toBe(RAN.trap);
    expect(call("clear", 0n)).toBe(RAN.returned);
    expect(call("clear", 1n)).toBe(RAN.trap);
    expect(call("set", 5n)).toBe(RAN.returned);
    expect(isolation.violation(instance)).toBe("");
  });

  it("is seen to fail when a store, a fill or a table write is let out of bounds", () => {
    for (const [name, ...args] of [["store", 65536n, 1n] as const, ["fill", 65530n, 100n] as const]) {
      const { isolation, instance, call } = watched();
      const memory = engine.wasm.memoryOf(instance);
      setSize(memory, 2 << 16);
      expect(call(name, ...args)).toBe(RAN.returned);
      setSize(memory, 1 << 16);
      expect(isolation.violation(instance)).toContain("beyond the size");
    }
    const { isolation, instance, call } = watched();
    const table = engine.wasm.tableOf(instance, 0);
    const behind = engine.view.getUint32(table, true) + 8 * 600;
    engine.view.setUint32(behind, 1, true);
    isolation.watch(instance, 0);
    setSize(table, 1000);
    expect(call("clear", 600n)).toBe(RAN.returned);
    setSize(table, 1);
    expect(isolation.violation(instance)).not.toBe("");
  });

  it("is seen to fail when another instance changes, or a store reaches far", () => {
    for (const distance of [1 << 16, 3 << 16]) {
      const { isolation, instance, call } = watched();
      setSize(engine.wasm.memoryOf(instance), 0x7fff0000);
      expect(call("store", BigInt(distance + 65536), 0x01020304n)).toBe(RAN.returned);
      setSize(engine.wasm.memoryOf(instance), 1 << 16);
      expect(isolation.violation(instance)).not.toBe("");
    }
    const { isolation, instance, other } = watched();
    engine.view.setUint32(engine.wasm.globalAddress(other, 0), 9, true);
    expect(isolation.violation(instance)).toContain("outside the instance");
  });

  it("is seen to fail when static data, free memory or a guard changes", () => {
    const places: [string, (memory: number, end: number) => number][] = [
      ["outside the instance", () => engine.wasm.limitsRecord()],
      ["outside the instance", () => engine.wasm.staticEnd() - 1],
      ["free memory", (_, end) => end + 100_000],
      // Behind the room of a memory that is at its maximum already, where another block follows.
      ["outside the instance", (memory) => memory + (2 << 16)],
      ["outside the instance", (memory) => memory - 1],
    ];
    for (const [text, place] of places) {
      const { isolation, instance } = watched();
      const end = engine.wasm.arenaUsed() >>> 0;
      if (engine.wasm.memory.buffer.byteLength < end + (1 << 18)) engine.wasm.memory.grow(8);
      isolation.watch(instance, engine.thread());
      const at = place(engine.wasm.memoryBase(instance) >>> 0, engine.wasm.arenaUsed() >>> 0);
      engine.view.setUint8(at, engine.view.getUint8(at) ^ 1);
      expect(isolation.violation(instance)).toContain(text);
    }
  });
});
