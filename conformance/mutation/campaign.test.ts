import { beforeAll, describe, expect, it } from "vitest";
import { type Campaign, runCampaign } from "./campaign.ts";
import { renderCampaign, scorePerOp } from "./render.ts";
import { readSurvivors, review } from "./survivors.ts";
import { openBench, targets } from "./target.ts";

const killedOne = "native/guest/irq_disable dropped call 1: machine.cli";
const goneOne = "native/guest/irq_disable dropped call 99: machine.cli";

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
    expect(scorePerOp(campaign.results).find((line) => line.includes("irq.disable "))).toMatch(/[1-9]\d* of/);
  });

  it("says what is wrong with the list of survivors", () => {
    const list = { "native/guest": [{ reason: "a reason of some length", ids: [killedOne, goneOne] }] };
    const found = review(campaign, list);
    expect(found).toMatchObject({ killed: [killedOne], gone: [goneOne] });
    const words = renderCampaign(campaign, list, found);
    for (const part of ["take them off the list", "there is no such mutant"]) expect(words).toContain(part);
  });
});

describe("the list of survivors", () => {
  it("is about halves that are mutated, each id once", () => {
    const list = readSurvivors();
    for (const target of Object.keys(list)) expect(targets).toContain(target);
    const ids = Object.values(list).flatMap((groups) => groups.flatMap((group) => group.ids));
    expect(new Set(ids).size).toBe(ids.length);
  });
});
