import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { Engine } from "./testing/engine.ts";
import { mutants } from "./testing/mutate.ts";
import { RandomModule } from "./testing/random-module.ts";
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

describe("loading", () => {
  it("keeps nothing of a module it refuses", () => {
    engine.reset();
    for (const { bytes } of mutants(new RandomModule(1).bytes(), 90, 1)) {
      const at = engine.put(bytes);
      engine.wasm.moduleValidate(at, bytes.length);
      const used = engine.wasm.arenaUsed();
      const loaded = engine.wasm.moduleLoad(at, bytes.length);
      if (!loaded) expect(engine.wasm.arenaUsed()).toBe(used);
    }
  });
});
