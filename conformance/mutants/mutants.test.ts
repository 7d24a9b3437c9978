import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { clauses } from "../interface/catalogue.ts";
import { readMutants } from "./mutants.ts";

const mutants = readMutants();

describe("mutants", () => {
  it("holds the four known-bad halves of the KVM model", () => {
    expect(mutants.map(({ name }) => name)).toEqual([
      "kvm-kick-not-sticky",
      "kvm-no-remote-flush",
      "kvm-preempted-erased",
      "kvm-torn-pvclock",
    ]);
  });

  it.each(mutants.map((mutant) => [mutant.name, mutant] as const))(
    "%s edits its base once each, and names known clauses",
    (_, mutant) => {
      for (const { file, find, replace } of mutant.edits) {
        const text = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
        expect(file).toContain(`conformance/backends/${mutant.base}/${mutant.half}`);
        expect(text.split(find).length - 1, find).toBe(1);
        expect(replace).not.toBe(find);
      }
      const known = clauses.map(({ id }) => id);
      for (const clause of mutant.clauses) expect(known).toContain(clause);
    },
  );
});
