import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { features } from "../interface/constants.ts";
import { variants } from "./variants.ts";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
const abi = read("../backends/kvm/abi.ts");

describe("hostile guest halves of kvm", () => {
  it("register every area at every bad place", () => {
    const registers = [...abi.matchAll(/const (MSR_(?!ENABLE)\w+): i32/g)].map(([, name]) => name);
    expect(registers.length).toBeGreaterThan(3);
    const attacked = /const AREAS[^[]*\[([^\]]*)\]/.exec(read("kvm/bad-areas.ts"))?.[1]?.split(",") ?? [];
    expect(attacked.map((name) => name.trim()).sort()).toEqual(registers.sort());
  });

  it("make every hypercall with arguments that name nobody", () => {
    const source = read("kvm/bad-hypercalls.ts");
    const called = [...source.matchAll(/hypercall\(\s*(\w+)/g)].map(([, name]) => {
      const value = new RegExp(`const (?:HC_)?${name?.replace("HC_", "")}: i64 = (\\d+)`).exec(abi + source)?.[1];
      return Number(value);
    });
    const offered = [...abi.matchAll(/const HC_\w+: i64 = (\d+)/g)].map(([, number]) => Number(number));
    expect(offered.length).toBeGreaterThan(2);
    expect(called).toEqual(expect.arrayContaining(offered));
  });
});

describe("host halves that withhold features of kvm", () => {
  const bits = (word: bigint) => features.filter(({ value }) => word & BigInt(value)).map(({ name }) => name);
  const { features: declared } = JSON.parse(read("../backends/kvm/parley.json"));
  /** No bit of KVM's own: they follow from others, are tried by calling, or only say how the clock's area is to be read. */
  const derived = [
    "FEATURE_CLOCK_STABLE",
    "FEATURE_WALLCLOCK",
    "FEATURE_MIGRATION_NOTICE",
    "FEATURE_CLOCK_PAIRING",
    "FEATURE_ALARM_AVAILABLE",
    "FEATURE_PREEMPTED",
  ];

  it("take each one away from a guest half that reports it", () => {
    const withheld = variants.filter(({ half }) => half === "host").flatMap((item) => bits(BigInt(item.withheld ?? 0)));
    const owed = bits(BigInt(declared.offered)).filter((name) => !derived.includes(name));
    expect(withheld).toEqual(expect.arrayContaining(owed));
  });
});
