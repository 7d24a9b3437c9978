import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import { beforeAll, describe, expect, it } from "vitest";

interface Scale {
  scaleShift(hz: bigint): number;
  scaleMul(hz: bigint): number;
  hzOf(mul: number, shift: number): bigint;
  scaled(ticks: bigint, mul: number, shift: number): bigint;
  scaledSince(now: bigint, origin: bigint, mul: number, shift: number): bigint;
}

/** TSC Hz, shift, mul, ns of 1 s of ticks, ns of 3600 s: from KVM's and Xen's published algorithm, which agree. */
const vectors: [bigint, number, number, bigint, bigint][] = [
  [500_000_000n, 2, 0x80000000, 1000000000n, 3600000000000n],
  [1_000_000_000n, 1, 0x80000000, 1000000000n, 3600000000000n],
  [1_000_000_001n, 0, 0xfffffffb, 999999999n, 3599999999409n],
  [2_000_000_000n, 0, 0x80000000, 1000000000n, 3600000000000n],
  [2_000_000_001n, 0, 0x80000000, 1000000000n, 3600000001800n],
  [2_500_000_000n, -1, 0xcccccccc, 999999999n, 3599999999161n],
  [3_000_000_000n, -1, 0xaaaaaaaa, 999999999n, 3599999999161n],
  [4_000_000_000n, -1, 0x80000000, 1000000000n, 3600000000000n],
  [4_294_967_296n, -2, 0xee6b2800, 1000000000n, 3600000000000n],
  [5_000_000_000n, -2, 0xcccccccc, 999999999n, 3599999999161n],
];

let scale: Scale;

beforeAll(async () => {
  const source = readFileSync(fileURLToPath(new URL("scale.ts", import.meta.url)), "utf8");
  let bytes = new Uint8Array();
  const { error, stderr } = await asc.main(
    ["scale.ts", "--outFile", "out.wasm", "--runtime", "stub", "--noAssert", "-O1"],
    {
      readFile: (name: string) => (name === "scale.ts" ? source : null),
      writeFile: (_: string, contents: Uint8Array | string) => {
        bytes = contents as Uint8Array<ArrayBuffer>;
      },
      listFiles: () => null,
    },
  );
  if (error) throw new Error(stderr.toString());
  const { instance } = await WebAssembly.instantiate(bytes);
  scale = instance.exports as unknown as Scale;
});

describe("counter to nanoseconds", () => {
  it.each(vectors)("%s Hz", (hz, shift, mul, second, hour) => {
    expect(scale.scaleShift(hz)).toBe(shift);
    expect(scale.scaleMul(hz) >>> 0).toBe(mul);
    expect(scale.scaled(hz, mul, shift)).toBe(second);
    // The multiplier has 32 bits, so the way back is exact to one part in 2^31.
    expect(Number(scale.hzOf(mul, shift) - hz)).toBeLessThanOrEqual(Number(hz >> 31n) + 1);
    expect(Number(scale.hzOf(mul, shift) - hz)).toBeGreaterThanOrEqual(-1);
    expect(scale.scaled(hz * 3600n, mul, shift)).toBe(hour);
  });

  it("has no frequency for a multiplier or shift that nobody publishes", () => {
    expect([scale.hzOf(0, 0), scale.hzOf(1, 31), scale.hzOf(1, -31)]).toEqual([0n, 0n, 0n]);
  });

  it("keeps the whole 96-bit product, modulo 2^64 like the published formula", () => {
    const formula = (ticks: bigint, mul: bigint, shift: bigint) =>
      BigInt.asUintN(64, (BigInt.asUintN(64, shift < 0n ? ticks >> -shift : ticks << shift) * mul) >> 32n);
    for (const ticks of [0n, 1n, 0xffff_ffffn, 1n << 33n, 0x0123_4567_89ab_cdefn, (1n << 64n) - 1n])
      for (const mul of [1, 0x80000000, 0xffffffff])
        for (const shift of [-31, -1, 0, 1, 31])
          expect(BigInt.asUintN(64, scale.scaled(ticks, mul, shift)), `${ticks} ${mul} ${shift}`).toBe(
            formula(ticks, BigInt(mul), BigInt(shift)),
          );
  });

  it("gives 0, not centuries, for a counter slightly before its origin", () => {
    expect(scale.scaledSince(999n, 1000n, 0xcccccccc, -1)).toBe(0n);
    expect(scale.scaledSince(1005n, 1000n, 0x80000000, 1)).toBe(5n);
  });
});
