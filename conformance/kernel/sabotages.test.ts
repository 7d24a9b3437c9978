import { beforeAll, describe, expect, it } from "vitest";
import { ensureBuilt } from "../../scripts/build.mjs";
import { cases } from "./cases.meta.ts";
import { sabotages } from "./sabotages.ts";
import { runSabotages, type SabotageResult } from "./testing/sabotage-pool.ts";
import { complaint } from "./testing/sabotage-verdict.ts";

/** A sample: each must make its case fail, and some are run against all other cases too. `npm run sabotages` does it for all. */
const sample = sabotages.filter((_, index) => index % 8 === 0);
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

  it.each(sample.map(({ case: id, half, title }) => [id, half, title]))("%s alone fails when in %s %s", (id) => {
    expect(complaint(id, results.get(id))).toBe("");
  });
});
