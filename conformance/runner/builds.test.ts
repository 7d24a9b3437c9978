import { beforeAll, describe, expect, it } from "vitest";
import { readMutants } from "../mutants/mutants.ts";
import type { Report } from "./report.ts";
import { inspected, listBuilds, openBuiltSuite, runWhole } from "./testing/builds.ts";
import { sampled } from "./testing/sampled.ts";
import type { Suite } from "./types.ts";
import type { Vm } from "./vm.ts";

let vm: Vm;
let suite: Suite;
beforeAll(async () => {
  ({ vm, suite } = await openBuiltSuite());
});

async function reportOf(parts: Parameters<typeof inspected>[2]): Promise<Report> {
  const { report } = await runWhole(vm, suite, await inspected(vm, suite, parts));
  return JSON.parse(new TextDecoder().decode(report)) as Report;
}

const builds = listBuilds();
const clausesWith = (report: Report, verdict: string) =>
  report.ops.flatMap((op) => op.clauses.filter((clause) => clause.verdict === verdict).map((clause) => clause.id));

describe("reference builds", () => {
  // The others' reports are held against each other, ring by ring; kernel.test.ts runs all their cases.
  const reference = builds.filter((build) => build.kind === "reference");

  it.each(sampled(reference, ({ name }) => name === "native"))("$name conforms", async ({ parts }) => {
    const report = await reportOf(parts);
    expect(report.cases.filter((item) => item.failure).map((item) => `${item.id} ${item.failure?.reason}`)).toEqual([]);
    expect(clausesWith(report, "not-run")).toEqual([]);
    expect(report.summary).toMatchObject({ conforms: true });
  });
});

describe("known-bad builds", () => {
  const mutants = new Map(readMutants().map((mutant) => [mutant.name, mutant]));

  const knownBad = builds.filter((build) => build.kind === "known-bad");
  // One of KVM's, which take longest, is in e2e/submission.test.ts.
  const some = ["fullvirt-enable-forgets-pending", "native-ipi-no-fence"];

  it.each(sampled(knownBad, ({ name }) => some.includes(name)))(
    "$name fails exactly the clauses it should",
    async ({ name, parts }) => {
      const mutant = mutants.get(name);
      const report = await reportOf(parts);
      const failed = clausesWith(report, "fail").sort();
      const wanted = [...(mutant?.clauses ?? [])].sort();
      // What a half misunderstands about a hostile host shows in whatever touches it.
      expect(failed).toEqual(mutant?.variant.length ? expect.arrayContaining(wanted) : wanted);
      expect(clausesWith(report, "error")).toEqual([]);
      const missesCore = report.ops.some((op) => op.tier === "core" && op.verdict === "fail");
      expect(report.summary.conforms).toBe(!missesCore);
      const failing = new Set(report.cases.filter((item) => item.failure).map((item) => item.peer));
      const finders = mutant?.variant.map((variant) => `${mutant.half}/${mutant.base}+${variant}`) ?? [];
      if (finders.length > 0) expect([...failing].sort()).toEqual(finders.sort());
      else expect([...failing].some((peer) => !peer.includes("+"))).toBe(true);
      for (const item of report.cases) {
        if (!item.failure) continue;
        expect(item.failure).toMatchObject({ charged: mutant?.half, schedule: expect.stringMatching(/^1-/) });
        for (const words of [item.failure.expected, item.failure.seen, item.failure.reason]) expect(words).not.toBe("");
      }
    },
  );
});
