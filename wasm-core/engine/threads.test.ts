import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { assemble, I32, I64, signed } from "./testing/assemble.ts";
import { Engine, HOST, RAN } from "./testing/engine.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create();
});
beforeEach(() => {
  engine.reset();
  engine.host = () => HOST.trap;
});

const i32 = (value: number) => [0x41, ...signed(value)];

/** sum(n) = n + sum(n - 1): recursion with a store per level. */
const recursion = () =>
  assemble({
    memory: [1, 1],
    functions: [
      {
        export: "sum",
        params: [I32],
        results: [I64],
        // if n == 0 return 0; mem[n * 4] = n; return n + sum(n - 1)
        code: [
          0x20,
          0,
          0x45,
          0x04,
          0x40,
          0x42,
          0,
          0x0f,
          0x0b,
          0x20,
          0,
          ...i32(2),
          0x74,
          0x20,
          0,
          0x36,
          2,
          0,
          0x20,
          0,
          0xad,
          0x20,
          0,
          ...i32(1),
          0x6b,
          0x10,
          0,
          0x7c,
        ],
      },
      // add(a, b) = (a + b) * 3
      { export: "add", params: [I32, I32], results: [I32], code: [0x20, 0, 0x20, 1, 0x6a, ...i32(3), 0x6c] },
      // fault(p) = mem32[p + 65535]
      { export: "fault", params: [I32], results: [I32], code: [0x20, 0, 0x28, 2, 0xff, 0xff, 3] },
      { export: "outer", results: [I32], code: [...i32(1), 0x10, 2, 0x1a, ...i32(0)] },
      { export: "endless", code: [0x03, 0x40, 0x0c, 0, 0x0b] },
    ],
  });

describe("fuel", () => {
  it("counts every instruction but else and end", () => {
    const instance = engine.instantiate(recursion());
    const thread = engine.thread();
    engine.enter(thread, instance, engine.exported(instance, "add"), [4n, 5n]);
    const { ran, used } = engine.runSliced(thread, () => 100);
    expect([ran, used, engine.results(thread, 1)]).toEqual([RAN.returned, 5, [27n]]);
  });

  it("stops before the same instruction for every split, with equal state", () => {
    const instance = engine.instantiate(recursion());
    const run = (slice: () => number) => {
      const thread = engine.thread();
      engine.enter(thread, instance, engine.exported(instance, "sum"), [50n]);
      const { used } = engine.runSliced(thread, slice);
      return [used, engine.results(thread, 1)[0]];
    };
    const whole = run(() => 1_000_000);
    expect(whole[1]).toBe(1275n);
    let seed = 7;
    const random = () => {
      seed = (seed * 1103515245 + 12345) & 0x7fffffff;
      return 1 + (seed % 9);
    };
    for (const slice of [() => 1, () => 2, () => 7, () => 1000, random]) expect(run(slice)).toEqual(whole);
  });

  it("leaves a digest that depends on the total alone", () => {
    const digestAfter = (parts: number[]) => {
      engine.reset();
      const instance = engine.instantiate(recursion());
      const thread = engine.thread();
      engine.enter(thread, instance, engine.exported(instance, "sum"), [50n]);
      for (const part of parts) {
        engine.setFuel(thread, BigInt(part));
        engine.run(thread);
      }
      return [engine.wasm.snapshotDigest(), engine.frames(thread)];
    };
    for (let total = 1; total < 60; total++) {
      const whole = digestAfter([total]);
      expect(digestAfter(new Array(total).fill(1))).toEqual(whole);
      expect(digestAfter([total >> 1, total - (total >> 1)].filter((n) => n > 0))).toEqual(whole);
    }
  });

  it("ends an endless loop", () => {
    const instance = engine.instantiate(recursion());
    const thread = engine.thread();
    engine.enter(thread, instance, engine.exported(instance, "endless"), []);
    engine.setFuel(thread, 1_000_001n);
    expect(engine.run(thread)).toBe(RAN.fuel);
    expect(engine.fuel(thread)).toBe(0n);
  });
});

describe("nested entry", () => {
  it("returns exactly at every instruction boundary", () => {
    const instance = engine.instantiate(recursion());
    const thread = engine.thread();
    const [sum, add] = [engine.exported(instance, "sum"), engine.exported(instance, "add")];
    engine.enter(thread, instance, sum, [20n]);
    for (let steps = 0; ; steps++) {
      engine.setFuel(thread, 1n);
      const ran = engine.run(thread);
      if (ran === RAN.returned) break;
      const before = [engine.wasm.snapshotDigest(), engine.frames(thread)];
      engine.enter(thread, instance, add, [BigInt(steps), 1n]);
      expect(engine.runSliced(thread, () => 2).ran).toBe(RAN.returned);
      expect(engine.results(thread, 1)[0]).toBe(BigInt((steps + 1) * 3));
      expect(engine.frames(thread)).toEqual(before[1]);
      if (steps > 400) throw new Error("does not end");
    }
    expect(engine.results(thread, 1)[0]).toBe(210n);
  });

  it("unwinds a trapped nested entry and goes on below", () => {
    const instance = engine.instantiate(recursion());
    const thread = engine.thread();
    engine.enter(thread, instance, engine.exported(instance, "sum"), [9n]);
    engine.setFuel(thread, 30n);
    expect(engine.run(thread)).toBe(RAN.fuel);
    engine.enter(thread, instance, engine.exported(instance, "fault"), [1n]);
    engine.setFuel(thread, 30n);
    expect(engine.run(thread)).toBe(RAN.trap);
    engine.wasm.threadUnwind(thread);
    expect(engine.runSliced(thread, () => 3).ran).toBe(RAN.returned);
    expect(engine.results(thread, 1)[0]).toBe(45n);
  });
});

describe("traps", () => {
  it("carry kind, fuel, and a stack with functions and offsets", () => {
    const bytes = recursion();
    const instance = engine.instantiate(bytes);
    const thread = engine.thread();
    engine.enter(thread, instance, engine.exported(instance, "outer"), []);
    engine.setFuel(thread, 100n);
    expect(engine.run(thread)).toBe(RAN.trap);
    expect(engine.trap(thread)).toBe("memory bounds");
    expect(engine.fuel(thread)).toBe(96n);
    const frames = engine.frames(thread);
    expect(frames.map((f) => [f.func, bytes[f.offset]])).toEqual([
      [2, 0x28],
      [3, 0x10],
    ]);
  });

  it("report exhaustion of depth and of space", () => {
    const instance = engine.instantiate(recursion());
    for (const thread of [engine.thread(1 << 20, 40), engine.thread(4096, 1 << 20)]) {
      engine.enter(thread, instance, engine.exported(instance, "sum"), [10_000n]);
      expect(engine.runSliced(thread, () => 1000).ran).toBe(RAN.trap);
      expect(engine.trap(thread)).toBe("stack");
    }
  });
});

/** run(x) = host(x + 1) * 2, called from another instance in `twice`. */
const callee = () =>
  assemble({
    imports: [["env", "host", [I32], [I32]]],
    globals: [[I32, 5]],
    functions: [
      {
        export: "run",
        params: [I32],
        results: [I32],
        code: [0x20, 0, ...i32(1), 0x6a, 0x10, 0, ...i32(2), 0x6c, 0x23, 0, 0x6a],
      },
    ],
  });
const caller = () =>
  assemble({
    imports: [["callee", "run", [I32], [I32]]],
    globals: [[I32, 100]],
    functions: [{ export: "twice", params: [I32], results: [I32], code: [0x20, 0, 0x10, 0, 0x10, 0, 0x23, 0, 0x6a] }],
  });

describe("host functions", () => {
  it("are served in place with exact fuel", () => {
    const seen: bigint[] = [];
    engine.host = (e, thread, id, args) => {
      expect(id).toBe(0);
      seen.push(e.fuel(thread));
      e.view.setBigUint64(args, e.view.getBigUint64(args, true) * 10n, true);
      return HOST.done;
    };
    const instance = engine.instantiate(callee());
    const thread = engine.thread();
    for (const slice of [100, 4, 5, 1]) {
      engine.enter(thread, instance, engine.exported(instance, "run"), [6n]);
      expect(engine.runSliced(thread, () => slice)).toEqual({ ran: RAN.returned, used: 8 });
      expect(engine.results(thread, 1)[0]).toBe(145n);
    }
    expect(seen).toEqual([96n, 0n, 1n, 0n]);
  });

  it("may leave, restart, be completed, and lower the fuel", () => {
    const answers = [HOST.restart, HOST.restart, HOST.leave];
    let calls = 0;
    engine.host = (e, _thread, _id, args) => {
      const answer = answers[calls++] ?? HOST.trap;
      if (answer !== HOST.restart) e.view.setBigUint64(args, 70n, true);
      return answer;
    };
    const instance = engine.instantiate(callee());
    const thread = engine.thread();
    const enter = () => engine.enter(thread, instance, engine.exported(instance, "run"), [6n]);
    enter();
    let used = 0;
    for (const expected of [RAN.host, RAN.host, RAN.host, RAN.returned]) {
      engine.setFuel(thread, 50n);
      expect(engine.run(thread)).toBe(expected);
      used += 50 - Number(engine.fuel(thread));
    }
    expect([used, calls, engine.results(thread, 1)[0]]).toEqual([8, 3, 145n]);

    calls = 0;
    enter();
    engine.setFuel(thread, 50n);
    expect(engine.run(thread)).toBe(RAN.host);
    engine.wasm.threadCompleteCall(thread, 30n);
    engine.setFuel(thread, 50n);
    expect(engine.run(thread)).toBe(RAN.returned);
    expect([calls, engine.results(thread, 1)[0]]).toEqual([1, 65n]);

    engine.host = (e, t) => {
      e.setFuel(t, 0n);
      return HOST.done;
    };
    enter();
    engine.setFuel(thread, 50n);
    expect([engine.run(thread), engine.fuel(thread)]).toEqual([RAN.fuel, 0n]);
  });

  it("can be entered around while a call is pending", () => {
    let first = true;
    engine.host = (e, _thread, _id, args) => {
      if (first) {
        first = false;
        return HOST.restart;
      }
      e.view.setBigUint64(args, 1n, true);
      return HOST.done;
    };
    const instance = engine.instantiate(callee());
    const thread = engine.thread();
    const run = engine.exported(instance, "run");
    engine.enter(thread, instance, run, [6n]);
    engine.setFuel(thread, 50n);
    expect(engine.run(thread)).toBe(RAN.host);
    engine.enter(thread, instance, run, [0n]);
    expect(engine.runSliced(thread, () => 3)).toEqual({ ran: RAN.returned, used: 8 });
    expect(engine.runSliced(thread, () => 3)).toEqual({ ran: RAN.returned, used: 4 });
    expect(engine.results(thread, 1)[0]).toBe(7n);
  });

  it("trap by themselves", () => {
    const instance = engine.instantiate(callee());
    const thread = engine.thread();
    engine.enter(thread, instance, engine.exported(instance, "run"), [6n]);
    engine.setFuel(thread, 50n);
    expect([engine.run(thread), engine.trap(thread), engine.fuel(thread)]).toEqual([RAN.trap, "host", 46n]);
  });
});

describe("several instances", () => {
  const join = () => {
    const below = engine.instantiate(callee());
    const above = engine.wasm.instanceCreate(engine.loadOrThrow(caller()));
    engine.wasm.bindFunc(above, 0, below, engine.exported(below, "run"));
    expect(engine.wasm.instanceInit(above)).toBe(1);
    return { below, above };
  };

  it("call each other, each with its own globals, in any slices", () => {
    engine.host = () => HOST.done;
    const { above } = join();
    const thread = engine.thread();
    for (const slice of [1000, 1, 2, 3]) {
      engine.enter(thread, above, engine.exported(above, "twice"), [6n]);
      const { ran, used } = engine.runSliced(thread, () => slice);
      expect([ran, used, engine.results(thread, 1)[0]]).toEqual([RAN.returned, 21, 145n]);
    }
  });

  it("show a stack that spans instances and entries", () => {
    engine.host = () => HOST.leave;
    const { above, below } = join();
    const thread = engine.thread();
    for (let i = 0; i < 2; i++) {
      engine.enter(thread, above, engine.exported(above, "twice"), [6n]);
      engine.setFuel(thread, 50n);
      expect(engine.run(thread)).toBe(RAN.host);
    }
    const run = engine.exported(below, "run");
    const twice = engine.exported(above, "twice");
    expect(engine.frames(thread).map((f) => [f.instance, f.func])).toEqual([
      [below, run],
      [above, twice],
      [below, run],
      [above, twice],
    ]);
  });

  it("are entered, nested, at every instruction boundary of a stack that spans them, pending host calls included", () => {
    const { above, below } = join();
    const [twice, run] = [engine.exported(above, "twice"), engine.exported(below, "run")];
    let isNested = false;
    let restarted = false;
    engine.host = (e, _thread, _id, args) => {
      // The outer context's calls are served when they come again: something is entered in between.
      if (!isNested) {
        restarted = !restarted;
        if (restarted) return HOST.restart;
      }
      e.view.setBigUint64(args, e.view.getBigUint64(args, true) + 1n, true);
      return HOST.done;
    };
    const thread = engine.thread();
    engine.enter(thread, above, twice, [6n]);
    let boundaries = 0;
    for (; ; boundaries++) {
      engine.setFuel(thread, 1n);
      const ran = engine.run(thread);
      if (ran === RAN.returned) break;
      const before = engine.frames(thread);
      for (const [instance, func, answer] of [
        [above, twice, 151n],
        [below, run, 21n],
      ] as const) {
        isNested = true;
        engine.enter(thread, instance, func, [6n]);
        const inner = engine.runSliced(thread, () => 2);
        expect([inner.ran, engine.results(thread, 1)[0]]).toEqual([RAN.returned, answer]);
        expect(engine.frames(thread)).toEqual(before);
      }
      isNested = false;
      if (boundaries > 100) throw new Error("does not end");
    }
    expect(engine.results(thread, 1)[0]).toBe(151n);
    expect(boundaries).toBeGreaterThanOrEqual(20);
  });

  it("refuse to bind what does not fit", () => {
    const below = engine.instantiate(recursion());
    const above = engine.wasm.instanceCreate(engine.loadOrThrow(caller()));
    expect(engine.wasm.bindExport(above, 0, below)).toBe(0);
    expect(engine.error().text).toContain("unknown import");
    expect(engine.wasm.instanceInit(above)).toBe(0);
  });
});

describe("snapshots", () => {
  it("restore memory, globals and live stacks, copying only what changed", () => {
    const instance = engine.instantiate(recursion());
    const thread = engine.thread();
    engine.enter(thread, instance, engine.exported(instance, "sum"), [40n]);
    engine.setFuel(thread, 77n);
    engine.run(thread);
    const before = engine.wasm.snapshotDigest();
    expect(engine.wasm.snapshotTake()).toBe(1);
    const finish = () => [engine.runSliced(thread, () => 11), engine.results(thread, 1), engine.wasm.snapshotDigest()];
    const first = finish();
    expect(engine.wasm.snapshotDigest()).not.toBe(before);
    for (let i = 0; i < 3; i++) {
      engine.wasm.snapshotRestore();
      expect(engine.wasm.restored()).toBe(1);
      expect(engine.wasm.snapshotDigest()).toBe(before);
      expect(finish()).toEqual(first);
    }
  });
});
