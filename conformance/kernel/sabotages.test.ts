import { beforeAll, describe, expect, it } from "vitest";
import { ensureBuilt } from "../../scripts/build.mjs";
import { cases } from "./cases.meta.ts";
import { allSabotages, sabotageId, sabotages } from "./sabotages.ts";
import { runSabotages, type SabotageResult } from "./testing/sabotage-pool.ts";
import { clausesUnfailed, complaint } from "./testing/sabotage-verdict.ts";

/** A sample: each must make its case fail, and some are run against all other cases too. `npm run sabotages` does it for all. */
const sample = allSabotages.filter((_, index) => index % 8 === 0);
const meetingAll = new Set(sample.filter((_, index) => index % 5 === 0));
const BUILDING_MS = 600_000;

describe("sabotages", () => {
  let results: Map<string, SabotageResult>;

  beforeAll(async () => {
    await ensureBuilt(() => {});
    results = await runSabotages(sample, (sabotage) => meetingAll.has(sabotage));
  }, BUILDING_MS);

  it("are one per case", () => {
    expect(sabotages.map((sabotage) => sabotage.case)).toEqual(cases.map(({ id }) => id));
  });

  it.each(sample.map((sabotage) => [sabotage.case, sabotage.half, sabotage.title, sabotage] as const))(
    "%s alone fails when in %s %s",
    (_case, _half, _title, sabotage) => {
      expect(complaint(sabotage, results.get(sabotageId(sabotage)))).toBe("");
    },
  );
});

describe("the verdict on a sabotage", () => {
  const result = (id: string, clause: string) => ({ id, clause, verdict: "fail", why: "", schedules: 1 });
  const sabotage = { case: "a-case", clause: "an.op.2", title: "", half: "native/guest", edits: [] } as const;

  it("is bad if another clause fails than the one it names", () => {
    expect(complaint({ ...sabotage, edits: [] }, { cases: [result("a-case", "an.op.2")] })).toBe("");
    expect(complaint({ ...sabotage, edits: [] }, { cases: [result("a-case", "an.op.1")] })).toBe("it fails an.op.1");
  });

  it("names the clauses that nothing fails", () => {
    const results = [{ cases: [result("a-case", "an.op.2")] }, { error: "none" }];
    expect(clausesUnfailed(["an.op.1", "an.op.2"], results)).toEqual(["an.op.1"]);
  });
});
