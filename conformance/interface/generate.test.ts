import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { cases } from "../kernel/cases.meta.ts";
import { generated } from "./generate.ts";
import { coveragePage } from "./generate-docs.ts";

describe("generated files", () => {
  it.each([...generated()])("%s is what the catalogue gives", (path, text) => {
    expect(readFileSync(new URL(`../../${path}`, import.meta.url), "utf8")).toBe(text);
  });
});

describe("coverage", () => {
  it("fails for a clause that no case claims, naming it", () => {
    const without = cases.filter(({ clauses }) => !clauses.includes("lock.wait.6"));
    expect(() => coveragePage(without)).toThrow("Clauses without a case: lock.wait.6.");
  });

  it("fails for a claim of a clause that is not declared, naming the case", () => {
    const extra = { id: "made-up", mode: "sequential", clauses: ["lock.wait.99"] };
    expect(() => coveragePage([...cases, extra])).toThrow("made-up claims lock.wait.99");
  });
});
