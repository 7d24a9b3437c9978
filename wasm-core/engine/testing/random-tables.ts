// Random numbers, and the operations that random modules are made of.
import { I32, I64 } from "./assemble.ts";

export const F32 = 0x7d;
export const F64 = 0x7c;
export const TYPES = [I32, I64, F32, F64];

/** Small deterministic generator (xorshift32). */
export class Random {
  private state: number;
  constructor(seed: number) {
    this.state = (Math.imul(seed, 0x9e3779b1) ^ 0x2545f491) | 1;
  }
  next(): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return this.state >>> 0;
  }
  below(n: number): number {
    return this.next() % n;
  }
  pick<T>(items: T[]): T {
    return items[this.below(items.length)] as T;
  }
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }
}

export const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);
/** [opcodes, operand types, result]. */
export const OPERATIONS: [number[], number[], number][] = [
  [[0x45, 0x67, 0x68, 0x69, 0xc0, 0xc1], [I32], I32],
  [range(0x46, 0x4f), [I32, I32], I32],
  [range(0x6a, 0x78), [I32, I32], I32],
  [[0x50, 0xa7], [I64], I32],
  [range(0x51, 0x5a), [I64, I64], I32],
  [[0x79, 0x7a, 0x7b, 0xc2, 0xc3, 0xc4], [I64], I64],
  [range(0x7c, 0x8a), [I64, I64], I64],
  [[0xac, 0xad], [I32], I64],
  [range(0x5b, 0x60), [F32, F32], I32],
  [range(0x61, 0x66), [F64, F64], I32],
  [range(0x8b, 0x91), [F32], F32],
  [range(0x92, 0x98), [F32, F32], F32],
  [range(0x99, 0x9f), [F64], F64],
  [range(0xa0, 0xa6), [F64, F64], F64],
  [[0xa8, 0xa9, 0xbc], [F32], I32],
  [[0xaa, 0xab], [F64], I32],
  [[0xae, 0xaf], [F32], I64],
  [[0xb0, 0xb1, 0xbd], [F64], I64],
  [[0xb2, 0xb3, 0xbe], [I32], F32],
  [[0xb4, 0xb5], [I64], F32],
  [[0xb6], [F64], F32],
  [[0xb7, 0xb8], [I32], F64],
  [[0xb9, 0xba, 0xbf], [I64], F64],
  [[0xbb], [F32], F64],
];
export const SATURATING: [number, number, number][] = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => [
  n,
  n & 2 ? F64 : F32,
  n & 4 ? I64 : I32,
]);
export const LOADS: [number, number, number][] = [
  [0x28, I32, 2],
  [0x29, I64, 3],
  [0x2a, F32, 2],
  [0x2b, F64, 3],
  [0x2c, I32, 0],
  [0x2d, I32, 0],
  [0x2e, I32, 1],
  [0x2f, I32, 1],
  [0x30, I64, 0],
  [0x31, I64, 0],
  [0x32, I64, 1],
  [0x33, I64, 1],
  [0x34, I64, 2],
  [0x35, I64, 2],
];
export const STORES: [number, number, number][] = [
  [0x36, I32, 2],
  [0x37, I64, 3],
  [0x38, F32, 2],
  [0x39, F64, 3],
  [0x3a, I32, 0],
  [0x3b, I32, 1],
  [0x3c, I64, 0],
  [0x3d, I64, 1],
  [0x3e, I64, 2],
];

/** A number at an edge of some range, or any. */
export function interesting(random: Random): number {
  return random.pick([
    0,
    1,
    -1,
    2,
    7,
    31,
    32,
    63,
    255,
    256,
    65535,
    65536,
    0x7fffffff,
    -0x80000000,
    random.below(1000),
    random.next(),
  ]);
}
