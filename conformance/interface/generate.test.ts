import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { cases } from "../kernel/cases.meta.ts";
import { ops } from "./catalogue.ts";
import { generated } from "./generate.ts";
import { coveragePage } from "./generate-docs.ts";
import { definedWhere } from "./where.ts";

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

describe("who defines an op where", () => {
  const whereOf = (...sources: string[]) => definedWhere({ ...(ops[0] as (typeof ops)[number]), sources });

  it("is read from the names before a source", () => {
    expect(
      whereOf("Xen SCHEDOP_poll", "ACPI S5", "Linux hyperv_cleanup", "Linux: a failed multicall is a BUG"),
    ).toEqual([
      { system: "Linux", sources: ["hyperv_cleanup", "a failed multicall is a BUG"] },
      { system: "Xen", sources: ["SCHEDOP_poll"] },
      { system: "other", sources: ["ACPI S5"] },
    ]);
  });

  it("names several for what several have", () => {
    expect(whereOf("KVM and Xen pvclock", "VMI_Init").map(({ system }) => system)).toEqual(["KVM", "Xen", "VMI"]);
  });

  it("leaves out no source of the catalogue", () => {
    for (const op of ops)
      expect(definedWhere(op).flatMap(({ sources }) => sources).length).toBeGreaterThanOrEqual(op.sources.length);
  });
});
