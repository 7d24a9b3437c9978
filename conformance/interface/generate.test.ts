import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { generated } from "./generate.ts";

describe("generated files", () => {
  it.each([...generated()])("%s is what the catalogue gives", (path, text) => {
    expect(readFileSync(new URL(`../../${path}`, import.meta.url), "utf8")).toBe(text);
  });
});
