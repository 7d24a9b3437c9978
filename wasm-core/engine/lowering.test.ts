import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { assemble, I32, signed } from "./testing/assemble.ts";
import { Engine, RAN } from "./testing/engine.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create();
});
beforeEach(() => engine.reset());

const i32 = (value: number) => [0x41, ...signed(value)];

/** Runs a function of one i32 in V8 and here, whole and in slices of 1. */
function agrees(code: number[], locals: number[], args: number[]): void {
  const bytes = assemble({ functions: [{ export: "f", params: [I32], results: [I32], locals, code }] });
  const native = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.f as (x: number) => number;
  const instance = engine.instantiate(bytes);
  const thread = engine.thread();
  const fuels = new Set<number>();
  for (const arg of args) {
    for (const slice of [1000, 1]) {
      engine.enter(thread, instance, 0, [BigInt.asUintN(32, BigInt(arg))]);
      const { ran, used } = engine.runSliced(thread, () => slice);
      expect([ran, engine.results(thread, 1)[0]]).toEqual([RAN.returned, BigInt.asUintN(32, BigInt(native(arg)))]);
      fuels.add(used);
    }
    expect(fuels.size).toBe(1);
    fuels.clear();
  }
}

describe("lowering", () => {
  it("keeps the value of a local that is on the stack when the local is written", () => {
    agrees([0x20, 0, ...i32(5), 0x22, 0, 0x6b], [], [10, -1]);
    agrees([0x20, 0, 0x20, 0, ...i32(1), 0x6a, 0x21, 0], [], [10]);
    agrees([0x20, 0, 0x20, 0, 0x20, 0, ...i32(1), 0x6a, 0x22, 0, ...i32(3), 0x6c, 0x6b, 0x6a], [], [10]);
  });

  it("keeps a value in its home when a branch may carry it away", () => {
    // block (result i32): x * 7, and out of it if x is odd; else that + 1
    const product = [0x20, 0, ...i32(7), 0x6c];
    agrees([0x02, I32, ...product, 0x20, 0, 0x0d, 0, ...i32(1), 0x6a, 0x0b], [], [0, 3]);
    agrees([0x02, I32, ...product, 0x20, 0, ...i32(1), 0x71, 0x0d, 0, ...i32(1), 0x6a, 0x0b], [], [3, 4]);
    agrees([0x02, I32, ...i32(9), 0x02, I32, ...product, 0x20, 0, 0x0e, 2, 0, 1, 0, 0x0b, 0x6a, 0x0b], [], [0, 1, 2]);
  });

  it("turns comparisons into branches, inverted where eqz says so", () => {
    for (const compare of [0x46, 0x47, 0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f]) {
      for (const eqz of [[], [0x45], [0x45, 0x45]]) {
        agrees([0x20, 0, ...i32(-3), compare, ...eqz, 0x04, I32, ...i32(1), 0x05, ...i32(2), 0x0b], [], [-3, 0, 5, -9]);
        agrees([0x20, 0, 0x20, 0, ...i32(2), 0x6c, compare, ...eqz], [], [-3, 0, 5]);
      }
    }
  });

  it("stops inside runs of moves and constants, which are fused", () => {
    const code = [0, 1, 2, 3].flatMap((n) => [...i32(n), 0x21, 1 + n]);
    const moves = [1, 2, 3].flatMap((n) => [0x20, 0, 0x21, n, 0x20, n, 0x21, 4]);
    agrees([...code, ...moves, 0x20, 4, ...i32(3), 0x6a, 0x21, 2, 0x20, 2, 0x20, 1, 0x6a], [I32, I32, I32, I32], [11]);
  });
});
