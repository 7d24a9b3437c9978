import { existsSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { ensureBuilt } from "../../scripts/build.mjs";
import { root } from "../../scripts/lib/asc.mjs";
import { clauses, ops } from "../interface/catalogue.ts";
import type { Profile } from "../interface/schema.ts";
import { readCases } from "../runner/cases.ts";
import { variants } from "../variants/variants.ts";
import { caseFiles, cases, scenarioFile } from "./cases.meta.ts";
import { clausesSource, clausesWithoutCase, dispatchSource, functionName } from "./generate.ts";
import { sealKernel, sectionContents } from "./section.ts";
import { openRunner } from "./testing/run-build.ts";

describe("case metadata", () => {
  it("claims every clause of the catalogue", () => {
    expect(clausesWithoutCase()).toEqual([]);
  });

  it("has unique ids, and a function of that name in the file that it names", () => {
    expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length);
    for (const { file, cases } of caseFiles) {
      const source = readFileSync(`${root}/conformance/kernel/cases/${file}.ts`, "utf8");
      for (const { id } of cases) expect(source).toContain(`export function ${functionName(id)}(`);
    }
  });

  it("expects in a case only what the case claims", () => {
    for (const { file, cases } of caseFiles) {
      const source = readFileSync(`${root}/conformance/kernel/cases/${file}.ts`, "utf8");
      for (const { id, clauses } of cases) {
        const body = source.split(`export function ${functionName(id)}(`)[1]?.split("\n}\n")[0] ?? "";
        const used = [...body.matchAll(/C\.(\w+)_(\d+)/g)].map(([, op, n]) => `${op?.replace("_", ".")}.${n}`);
        for (const clause of used) expect(clauses, id).toContain(clause);
      }
    }
  });

  it("names for each case a clause that fails when it gets stuck", () => {
    for (const { clauses, stuck } of cases) expect(clauses).toContain(stuck);
  });
});

describe("generated sources", () => {
  it("number the clauses as the section does", () => {
    const numbers = [...clausesSource().matchAll(/const (\w+): i32 = (\d+);/g)];
    expect(numbers.map(([, , number]) => Number(number))).toEqual(clauses.map((_, index) => index));
    expect(sectionContents().clauses).toEqual(clauses.map(({ id }) => id));
  });

  it("call each case by its number", () => {
    const calls = [...dispatchSource().matchAll(/case (\d+):\n {6}\w+\.(\w+)\(/g)].map(([, n, name]) => [
      Number(n),
      name,
    ]);
    const all = [...cases, ...scenarioFile.cases];
    expect(calls).toEqual(all.map(({ id }, index) => [index, functionName(id)]));
  });
});

describe("case section", () => {
  it("is read back by the runner as it was declared", () => {
    const bare = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    const read = readCases(sealKernel(bare));
    expect(read.clauseNumbers).toEqual(clauses.map(({ id }) => id));
    expect(read.cases.map(({ id, clauses, budget }) => ({ id, clauses, budget }))).toEqual(
      [...cases, ...scenarioFile.cases].map(({ id, clauses, budget }) => ({ id, clauses, budget })),
    );
  });
});

/** Cases about an op that is core in the build's profile, or that its manifest offers. */
function owedCases({ profile, offers = [] }: { profile: Profile; offers?: string[] }): Set<string> {
  const owes = (op: string) =>
    ops.some(({ id, tiers }) => id === op && (tiers[profile] === "core" || offers.includes(id)));
  const owed = cases.filter(({ clauses }) => clauses.some((id) => owes(id.slice(0, id.lastIndexOf(".")))));
  return new Set(owed.map(({ id }) => id));
}

describe.each(["native", "kvm", "fullvirt"])("reference build %s", (name) => {
  beforeAll(() => ensureBuilt(() => {}));

  it("passes every case", async () => {
    const run = await openRunner(`${root}/conformance/build/suite.bin`, `${root}/wasm-core/build/core.wasm`);
    const folder = `${root}/conformance/backends/${name}/build`;
    const manifest = `${folder}/parley.json`;
    const half = (part: string) => (existsSync(`${folder}/${part}.wasm`) ? `${folder}/${part}.wasm` : undefined);
    const results = await run({ manifest, guest: half("guest"), host: half("host") });
    const owed = owedCases(JSON.parse(readFileSync(manifest, "utf8")));
    expect(results.filter(({ verdict }) => verdict !== "pass" && verdict !== "not-offered")).toEqual([]);
    expect(results.filter(({ id, verdict }) => verdict !== "pass" && owed.has(id))).toEqual([]);
    const hostile = variants.some(({ peer, half }) => peer === name && half === "guest");
    const applying = cases.filter(({ peers }) => hostile || peers !== "hostile");
    expect(new Set(results.map(({ id }) => id)).size).toBe(applying.length);
  });
});
