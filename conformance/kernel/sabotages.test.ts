import { beforeAll, describe, expect, it } from "vitest";
import { ensureBuilt } from "../../scripts/build.mjs";
import { cases } from "./cases.meta.ts";
import { sabotages } from "./sabotages.ts";
import { runSabotages, type SabotageResult } from "./testing/sabotage-pool.ts";

describe("sabotages", () => {
  let results: Map<string, SabotageResult>;

  beforeAll(async () => {
    await ensureBuilt(() => {});
    results = await runSabotages(sabotages);
  });

  it("are one per case", () => {
    expect(sabotages.map((sabotage) => sabotage.case)).toEqual(cases.map(({ id }) => id));
  });

  it.each(sabotages.map(({ case: id, half, title }) => [id, half, title]))("%s alone fails when in %s %s", (id) => {
    const result = results.get(id);
    if (!result || "error" in result) throw new Error(result?.error ?? "no result");
    const failed = result.cases.filter(({ verdict }) => verdict !== "pass" && verdict !== "not-offered");
    expect([...new Set(failed.map((item) => item.id))]).toEqual([id]);
    expect(failed[0]?.verdict).toBe("fail");
  });
});
