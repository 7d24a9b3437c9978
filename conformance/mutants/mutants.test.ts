import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { clauses } from "../interface/catalogue.ts";
import { variants } from "../variants/variants.ts";
import { readMutants } from "./mutants.ts";

const mutants = readMutants();

describe("mutants", () => {
  it("hold a known-bad half for each hostile variant, which only such variants find out", () => {
    const wanted = new Set(mutants.flatMap(({ base, variant }) => variant.map((name) => `${base}+${name}`)));
    expect([...wanted].sort()).toEqual(variants.map(({ peer, name }) => `${peer}+${name}`).sort());
  });

  it("holds the known-bad halves of races that history has seen", () => {
    expect(mutants.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        "fullvirt-halt-overwrites-wake",
        "fullvirt-no-sti-shadow",
        "fullvirt-same-root-unflushed",
        "fullvirt-enable-forgets-pending",
        "kvm-eoi-test-then-clear",
        "kvm-eoi-while-pending",
        "kvm-kick-not-sticky",
        "kvm-no-remote-flush",
        "kvm-preempted-erased",
        "kvm-torn-pvclock",
        "kvm-wait-no-barrier",
        "kvm-wait-not-nested",
        "native-halt-window",
      ]),
    );
  });

  it.each(mutants.map((mutant) => [mutant.name, mutant] as const))(
    "%s edits its base once each, and names known clauses",
    (_, mutant) => {
      for (const { file, find, replace } of mutant.edits) {
        const text = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
        // A backend without a host half has all of its files in one folder.
        const place = mutant.base === "native" ? "native/" : `${mutant.base}/${mutant.half}`;
        expect(file).toContain(`conformance/backends/${place}`);
        expect(text.split(find).length - 1, find).toBe(1);
        expect(replace).not.toBe(find);
      }
      const known = clauses.map(({ id }) => id);
      for (const clause of mutant.clauses) expect(known).toContain(clause);
    },
  );
});
