import { beforeAll, describe, expect, it } from "vitest";
import { type Campaign, type MutantResult, runCampaign } from "./campaign.ts";
import { percentKilled, renderCampaign, scoreOf, scorePerOp, scoreWords } from "./render.ts";
import { sitesOf } from "./sites.ts";
import { equivalentIn, listedFor, readSurvivors, review } from "./survivors.ts";
import { openBench, readTarget, targets } from "./target.ts";

const killedOne = "native/guest/irq_disable dropped call: machine.cli";
const goneOne = "native/guest/irq_disable dropped call: machine.cli #99";

describe("a short campaign on the native half", () => {
  let campaign: Campaign;
  beforeAll(async () => {
    campaign = await runCampaign(await openBench(), "native/guest", {
      seed: "test",
      size: 6,
      listed: [killedOne, goneOne],
    });
  });

  it("judges the sample and what is listed, and counts what nobody reaches", () => {
    expect(campaign.results.length).toBeGreaterThanOrEqual(6);
    expect(campaign.results.length).toBeLessThanOrEqual(7);
    expect(campaign.unreached.map(({ func }) => func)).toContain("native/guest/abi");
  });

  it("names the case that kills a mutant, and the ops that reach it", () => {
    const result = campaign.results.find(({ site }) => site.id === killedOne);
    expect(result).toMatchObject({
      ops: expect.arrayContaining(["irq.disable"]),
      killedBy: expect.stringMatching(/ in pairing own$/),
    });
    const all = campaign.results.map((item) => ({ ...item, sampled: true }));
    const line = scorePerOp(all, new Set()).find((words) => words.includes("irq.disable "));
    expect(line).toMatch(/killed [1-9]\d* of/);
  });

  it("says what is wrong with the list of survivors", () => {
    const list = { "native/guest": [{ reason: "a reason of some length", ids: [killedOne, goneOne] }] };
    const found = review(campaign, list);
    expect(found).toMatchObject({ killed: [killedOne], gone: [goneOne] });
    const words = renderCampaign(campaign, list, found);
    for (const part of ["take them off the list", "there is no such mutant"]) expect(words).toContain(part);
  });
});

describe("a score", () => {
  const result = (id: string, killedBy: string | null) =>
    ({ site: { id }, ops: ["irq.enable"], killedBy, sampled: true }) as unknown as MutantResult;
  const results = [result("a", "x"), result("b", "x"), result("c", null), result("d", null)];

  it("counts who is listed as equivalent apart from who is killed", () => {
    expect(scoreWords(scoreOf(results, new Set(["c", "a"])))).toBe(
      "killed 2 of 4 generated (50 %); 1 listed as equivalent: 2 of the other 3 (66 %)",
    );
  });

  it("leaves out what is judged only because it is listed, and counts a gap as not killed", () => {
    const beside = { ...result("e", null), sampled: false };
    expect(scoreOf([...results, beside], new Set(["e"]))).toEqual({ killed: 2, equivalent: 0, generated: 4 });
    const list = { "native/guest": [{ reason: "a reason of some length", gap: true as const, ids: ["c"] }] };
    expect(equivalentIn(list, "native/guest").size).toBe(0);
    expect(listedFor(list, "native/guest")).toEqual(["c"]);
  });

  it("is 100 % only if nobody survives who is not listed", () => {
    expect(percentKilled(scoreOf(results, new Set(["c", "d"])))).toBe(100);
    expect(percentKilled({ killed: 999, equivalent: 0, generated: 1000 })).toBe(99);
    expect(percentKilled({ killed: 0, equivalent: 0, generated: 0 })).toBe(100);
  });
});

describe("the list of survivors", () => {
  it("is about halves that are mutated, each id once", () => {
    const list = readSurvivors();
    for (const target of Object.keys(list)) expect(targets).toContain(target);
    for (const groups of Object.values(list)) {
      const ids = groups.flatMap((group) => group.ids);
      expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    }
  });

  it("names mutants that there are", () => {
    const list = readSurvivors();
    for (const target of targets) {
      const sites = new Set(sitesOf(readTarget(target)).map(({ id }) => id));
      expect(listedFor(list, target).filter((id) => !sites.has(id))).toEqual([]);
    }
  });
});
