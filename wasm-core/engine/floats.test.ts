// Every arithmetic result that is a NaN has one bit pattern, whatever NaNs went in and however the operation is lowered.
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { assemble, I32, I64 } from "./testing/assemble.ts";
import { Engine } from "./testing/engine.ts";
import { F32, F64, range } from "./testing/random-tables.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create();
});
beforeEach(() => engine.reset());

const CANONICAL = { [F32]: 0x7fc00000n, [F64]: 0x7ff8000000000000n };
const NANS = {
  [F32]: [0x7fc00000n, 0xffc00000n, 0x7f800001n, 0xff80deadn, 0x7fffffffn],
  [F64]: [0x7ff8000000000000n, 0xfff8000000000000n, 0x7ff0000000000001n, 0xfff00000deadbeefn, 0x7fffffffffffffffn],
};
const ONE = { [F32]: 0x3f800000n, [F64]: 0x3ff0000000000000n };
const INFINITY = { [F32]: 0x7f800000n, [F64]: 0x7ff0000000000000n };

/** [opcode, operand type, result type] of one operand: ceil, floor, trunc, nearest, sqrt; demote, promote. */
const unary: [number, 0x7d | 0x7c, 0x7d | 0x7c][] = [
  ...range(0x8d, 0x91).map((opcode): [number, typeof F32, typeof F32] => [opcode, F32, F32]),
  ...range(0x9b, 0x9f).map((opcode): [number, typeof F64, typeof F64] => [opcode, F64, F64]),
  [0xb6, F64, F32],
  [0xbb, F32, F64],
];
/** add, sub, mul, div, min, max. */
const binary: [number, 0x7d | 0x7c][] = [
  ...range(0x92, 0x97).map((opcode): [number, typeof F32] => [opcode, F32]),
  ...range(0xa0, 0xa5).map((opcode): [number, typeof F64] => [opcode, F64]),
];

const integer = (type: number) => (type === F32 ? I32 : I64);
const fromInteger = (type: number) => (type === F32 ? 0xbe : 0xbf);
const toInteger = (type: number) => (type === F32 ? 0xbc : 0xbd);
const parameter = (index: number, type: number) => [0x20, index, fromInteger(type)];
/** Passes a value through a local, so that the operand is a slot. */
const kept = (code: number[], type: number) => [...code, 0x22, type === F32 ? 2 : 3];

/** Bits that the function of two operands' bits answers. */
function bitsOf(code: number[], from: number, to: number, args: bigint[]): bigint[] {
  const params = [integer(from), integer(from)];
  const functions = [
    { export: "f", params, results: [integer(to)], locals: [F32, F64], code: [...code, toInteger(to)] },
  ];
  const instance = engine.instantiate(assemble({ functions }));
  const thread = engine.thread();
  return [1000, 1].map((slice) => {
    engine.enter(thread, instance, 0, args);
    engine.runSliced(thread, () => slice);
    return engine.results(thread, 1)[0] as bigint;
  });
}

describe("NaN", () => {
  it("is canonical as the result of every operation on one", () => {
    for (const [opcode, from, to] of unary) {
      for (const nan of NANS[from]) {
        engine.reset();
        for (const operand of [parameter(0, from), kept(parameter(0, from), from)])
          expect([opcode, ...bitsOf([...operand, opcode], from, to, [nan, 0n])]).toEqual([
            opcode,
            CANONICAL[to],
            CANONICAL[to],
          ]);
      }
    }
  });

  it("is canonical as the result of every operation on two, on either side", () => {
    for (const [opcode, type] of binary) {
      for (const nan of NANS[type]) {
        engine.reset();
        for (const args of [
          [nan, ONE[type]],
          [ONE[type], nan],
          [nan, nan],
        ])
          for (const [x, y] of [
            [parameter(0, type), parameter(1, type)],
            [kept(parameter(0, type), type), kept(parameter(1, type), type)],
          ])
            expect([opcode, ...bitsOf([...(x ?? []), ...(y ?? []), opcode], type, type, args)]).toEqual([
              opcode,
              CANONICAL[type],
              CANONICAL[type],
            ]);
      }
    }
  });

  it("is canonical where none went in: 0 / 0, ∞ - ∞, ∞ × 0, √-1", () => {
    for (const type of [F32, F64] as const) {
      const [add, sub, mul, div, sqrt] = type === F32 ? [0x92, 0x93, 0x94, 0x95, 0x91] : [0xa0, 0xa1, 0xa2, 0xa3, 0x9f];
      const minus = type === F32 ? 0x80000000n : 1n << 63n;
      const both = [...parameter(0, type), ...parameter(1, type)];
      for (const [opcode, x, y] of [
        [div, 0n, 0n],
        [div, INFINITY[type], INFINITY[type] | minus],
        [sub, INFINITY[type], INFINITY[type]],
        [add, INFINITY[type], INFINITY[type] | minus],
        [mul, INFINITY[type], minus],
      ] as const)
        expect(bitsOf([...both, opcode ?? 0], type, type, [x, y])).toEqual([CANONICAL[type], CANONICAL[type]]);
      const root = bitsOf([...parameter(0, type), sqrt ?? 0], type, type, [ONE[type] | minus, 0n]);
      expect(root).toEqual([CANONICAL[type], CANONICAL[type]]);
    }
  });

  it("keeps its bits where they are only moved or their sign is changed", () => {
    const nan = 0xff80deadn;
    for (const [code, expected] of [
      [parameter(0, F32), nan],
      [[...parameter(0, F32), 0x8b], nan & 0x7fffffffn],
      [[...parameter(0, F32), 0x8c], nan ^ 0x80000000n],
      [[...parameter(0, F32), ...parameter(1, F32), 0x98], nan & 0x7fffffffn],
    ] as const)
      expect(bitsOf([...code], F32, F32, [nan, 0n])).toEqual([expected, expected]);
  });
});
