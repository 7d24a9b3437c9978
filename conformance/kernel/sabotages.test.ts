import { beforeAll, describe, expect, it } from "vitest";
import { ensureBuilt } from "../../scripts/build.mjs";
import { cases } from "./cases.meta.ts";
import { sabotages } from "./sabotages.ts";
import { runSabotages, type SabotageResult } from "./testing/sabotage-pool.ts";
import { complaint } from "./testing/sabotage-verdict.ts";

/** Every sabotage must make its case fail; every so many-th is run against all other cases too, `npm run sabotages` does it for all. */
const SAMPLE = 6;
const BUILDING_MS = 600_000;

describe("sabotages", () => {
  let results: Map<string, SabotageResult>;

  beforeAll(async () => {
    await ensureBuilt(() => {});
    const position = new Map(sabotages.map((sabotage, index) => [sabotage, index]));
    results = await runSabotages(sabotages, (sabotage) => (position.get(sabotage) ?? 0) % SAMPLE === 0);
  }, BUILDING_MS);

  it("are one per case", () => {
    expect(sabotages.map((sabotage) => sabotage.case)).toEqual(cases.map(({ id }) => id));
  });

  it.each(sabotages.map(({ case: id, half, title }) => [id, half, title]))("%s alone fails when in %s %s", (id) => {
    expect(complaint(id, results.get(id))).toBe("");
  });
});
