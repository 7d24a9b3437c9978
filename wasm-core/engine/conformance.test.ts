import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { compareModule } from "./testing/differential.ts";
import { Engine } from "./testing/engine.ts";
import { mutants } from "./testing/mutate.ts";
import { Random } from "./testing/random-tables.ts";
import { runSpecFolder, specFolders } from "./testing/spec.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create();
});

const folders = specFolders(fileURLToPath(new URL("../../../shared/wasm-spec", import.meta.url)));

describe.skipIf(folders.length === 0)("official tests", () => {
  it("hold, with equal fuel for every slice size", () => {
    const random = new Random(3);
    for (const folder of folders) {
      const whole = runSpecFolder(engine, folder);
      expect(whole.failed).toEqual([]);
      if (whole.fuel > 1_000_000) continue;
      const sliced = runSpecFolder(engine, folder, () => 1 + random.below(20));
      expect([sliced.failed, sliced.fuel]).toEqual([[], whole.fuel]);
    }
  });
});

describe("random modules", () => {
  it("do what they do in V8: results, traps, memory, globals", () => {
    const random = new Random(5);
    let returned = 0;
    for (let seed = 1; seed <= 150; seed++) {
      const slice = seed % 3 === 0 ? () => 1 + random.below(12) : () => 1_000_000;
      const outcome = compareModule(engine, seed, slice);
      expect(outcome.difference).toBe("");
      returned += outcome.returned;
    }
    expect(returned).toBeGreaterThan(500);
  });

  it("are judged like WebAssembly.validate when broken", () => {
    let accepted = 0;
    for (const { bytes, label } of mutants(60, 10)) {
      engine.reset();
      const expected = WebAssembly.validate(bytes);
      const actual = engine.wasm.moduleValidate(engine.put(bytes), bytes.length) !== 0;
      if (actual) accepted += 1;
      const refusedFeature = !actual && engine.error().code === 3;
      if (actual !== expected && !refusedFeature)
        throw new Error(`${label}: engine ${actual} (${engine.errorText()}), V8 ${expected}`);
    }
    expect(accepted).toBeGreaterThan(10);
  });
});

describe("loading", () => {
  it("keeps nothing of a module it refuses", () => {
    engine.reset();
    for (const { bytes } of mutants(3, 30)) {
      const at = engine.put(bytes);
      engine.wasm.moduleValidate(at, bytes.length);
      const used = engine.wasm.arenaUsed();
      const loaded = engine.wasm.moduleLoad(at, bytes.length);
      if (!loaded) expect(engine.wasm.arenaUsed()).toBe(used);
    }
  });
});
