import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { numberOperations } from "./opcodes/numbering.ts";
import { buildHarness } from "./testing/engine.ts";

let path: string;
beforeAll(async () => {
  path = await buildHarness();
});

describe("dispatch", () => {
  it("is one br_table over all hot operations", () => {
    const tool = fileURLToPath(new URL("../../node_modules/.bin/wasm-dis", import.meta.url));
    const text = execFileSync(tool, [path], { encoding: "utf8", maxBuffer: 1 << 28 });
    const targets = [...text.matchAll(/br_table ([^\n]*)/g)].map(([, list]) => (list ?? "").trim().split(/\s+/).length);
    const { hotEnd } = numberOperations();
    expect(Math.max(...targets)).toBeGreaterThanOrEqual(hotEnd);
    expect(hotEnd).toBeLessThanOrEqual(1000);
  });

  it("stays small", () => {
    expect(readFileSync(path).length).toBeLessThan(250_000);
  });
});
