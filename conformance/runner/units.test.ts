import { describe, expect, it } from "vitest";
import { buildOf, caseOf, digest, manifestOf, smallSuite } from "./testing/small-suite.ts";
import type { Shard } from "./types.ts";
import { estimateFuel, planShards, unitsOf } from "./units.ts";

const suite = smallSuite();
const build = buildOf();
const all = (shards: Shard[]) => shards.flatMap((shard) => shard.units).sort((a, b) => a - b);

describe("units", () => {
  it("are cases × pairings × slices in suite order", () => {
    expect(unitsOf(suite, build).map(({ case: at, pairing, slice }) => `${at}${pairing}${slice}`)).toEqual([
      "000",
      "010",
      "020",
      "100",
      "101",
      "110",
      "111",
      "120",
      "121",
      "200",
      "210",
      "220",
    ]);
    expect(unitsOf(suite, build).map((unit) => unit.index)).toEqual([...Array(12).keys()]);
  });

  it("leave out cases for other machine kinds", () => {
    const cases = [
      caseOf({ id: "a", index: 0, clauses: ["irq.disable.1"], kinds: ["native"] }),
      caseOf({ id: "b", index: 1, clauses: ["mmu.flush.1"] }),
    ];
    expect(unitsOf(smallSuite({ cases }), build).map((unit) => unit.case)).toEqual([1, 1, 1]);
    const native = buildOf({
      manifest: manifestOf({ machine: "native", profile: "native", abi: null }),
      digests: { manifest: digest("1"), guest: digest("2"), host: null, rom: null },
    });
    expect(unitsOf(smallSuite({ cases }), native).map((unit) => unit.case)).toEqual([0, 1]);
  });
});

describe("shards", () => {
  it.each([1, 2, 7, 12, 50])("cut into %i hold every unit once", (count) => {
    const shards = planShards(suite, build, count);
    expect(shards).toHaveLength(count);
    expect(all(shards)).toEqual([...Array(12).keys()]);
  });

  it("stay within the fuel of a shard by estimate, unless one unit alone is more", () => {
    const many = Array.from({ length: 40 }, (_, index) =>
      caseOf({ id: `c${index}`, index, clauses: ["mmu.flush.1"], mode: "explored", budget: 500 }),
    );
    const big = smallSuite({ cases: many });
    const units = unitsOf(big, build);
    const shards = planShards(big, build);
    expect(shards.length).toBeGreaterThan(3);
    expect(all(shards)).toEqual(units.map((unit) => unit.index));
    for (const shard of shards) {
      const fuel = shard.units.reduce(
        (sum, index) => sum + estimateFuel(big, units[index] as (typeof units)[number]),
        0,
      );
      expect(fuel <= big.budgets.fuel_shard || shard.units.length === 1).toBe(true);
    }
  });
});
