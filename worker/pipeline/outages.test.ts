import { env } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Env, ShardMessage } from "../env.ts";
import { RUN_AGE_MAX_MS, SWEEP_AGAIN_MS } from "../limits.ts";
import { quickParts, withManifest } from "../test/builds.ts";
import { type Fault, failing, outage, struckOnceAtEach } from "../test/faults.ts";
import { deliver, expectPublished, heldQueue, runNow, submitBuild } from "../test/pipeline.ts";
import { countRows, registerVendor } from "../test/requests.ts";
import { pipelineSteps, submissionSteps } from "../test/steps.ts";
import { loadBuild } from "./builds.ts";
import { sweep } from "./sweeper.ts";
import { endEarly } from "./transition.ts";

const later = (ms: number) => Date.now() + ms;

beforeEach(async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  await registerVendor("parley");
});

/** One life of the pipeline: the sweeper wakes what is due, the queue brings what it was sent. */
async function live(bindings: Env, messages: ShardMessage[]): Promise<void> {
  await sweep(bindings, later(SWEEP_AGAIN_MS), true).catch(() => {});
  for (const message of messages.splice(0)) {
    // As the queue does: what failed comes again.
    await deliver(bindings, [message]).catch(() => messages.push(message));
  }
}

/**
 * Strikes each step once, life by life; whenever a run is published all the same, the next is submitted, until a life goes by without
 * a step that was not struck yet. @returns the steps
 */
async function strikeEach(fault: Fault): Promise<string[]> {
  const held = heldQueue();
  const { env: mortal, steps, revive } = struckOnceAtEach(held.env, fault);
  let runs = 0;
  let run = "";
  const other = await submitBuild(heldQueue().env, withManifest(quickParts(), { backend: "other" }));
  await endEarly(env, other.run.id, "cancelled", Date.now(), "only its build is needed");
  for (let before = -1; before < steps.length; ) {
    before = steps.length;
    if (run === "" || (await runNow(run)).state === "published") {
      run = (await submitBuild(held.env, quickParts(`1.0.${runs}`), Date.now())).run.id;
      runs += 1;
    }
    revive();
    // An isolate keeps the last build that it loaded: this life is another isolate's.
    await loadBuild(env, other.build.digest);
    await live(mortal, held.messages);
  }
  await live(held.env, held.messages);
  const ids = (await env.DB.prepare("SELECT id FROM runs WHERE id <> ?").bind(other.run.id).all<{ id: string }>())
    .results;
  expect(ids).toHaveLength(runs);
  for (const { id } of ids) await expectWhole(id);
  await expectPublished(run);
  expect((await env.BLOBS.list({ prefix: "shards/" })).objects).toEqual([]);
  return steps;
}

/** Published, with each event once and in order, and one result per op. */
async function expectWhole(id: string): Promise<void> {
  const view = await runNow(id);
  const way = ["received", "queued", "running", "merging", "judging", "published"].map((state) => `run.${state}`);
  expect(view.events.map(({ type }) => type)).toEqual(way);
  expect(new Set(view.ops?.map((op) => op.id)).size).toBe(view.ops?.length);
}

describe("the pipeline, from the sweeper to the published run", () => {
  it("may be killed before any of its steps", async () => {
    expect((await strikeEach("killed")).sort()).toEqual(pipelineSteps.toSorted());
  });

  it("may see any of its calls to D1 and R2 fail once", async () => {
    expect((await strikeEach("fails")).sort()).toEqual(pipelineSteps.toSorted());
  });

  it.each(["DB", "BLOBS"] as const)("goes on when %s comes back, whenever it went away", async (which) => {
    for (const calls of [0, 3, 9]) {
      const held = heldQueue();
      const { run } = await submitBuild(held.env, quickParts(`1.0.${calls}`), Date.now());
      let left = calls;
      let isDown = true;
      const bindings = outage(held.env, which, () => isDown && left-- <= 0);
      // Down for two lives after some calls; nothing that was recorded is lost.
      for (let round = 0; round < 2; round++) await live(bindings, held.messages);
      isDown = false;
      for (let round = 0; round < 2; round++) await live(bindings, held.messages);
      await expectPublished(run.id);
    }
    expect(await countRows("backends")).toBe(1);
  });
});

describe("a run that a store keeps from moving", () => {
  it("ends as abandoned after six hours, with the reason, instead of being tried for ever", async () => {
    const at = Date.now();
    const broken = { ...env, BLOBS: failing(env.BLOBS, "get") };
    const { run } = await submitBuild(broken, quickParts("9.0.0"), at);
    await sweep(broken, at + RUN_AGE_MAX_MS);
    expect((await runNow(run.id)).state).toBe("received");
    await sweep(broken, at + RUN_AGE_MAX_MS + SWEEP_AGAIN_MS);
    const { state, reason, events } = await runNow(run.id);
    expect({ state, reason }).toEqual({
      state: "abandoned",
      reason: "The run did not get beyond received: get is down",
    });
    expect(events.map(({ type }) => type)).toEqual(["run.received", "run.abandoned"]);
  });
});

describe("a submission", () => {
  it.each(["killed", "fails"] as const)(
    "at any of whose steps a call %s leaves one run when the vendor tries again",
    async (fault) => {
      const held = heldQueue();
      const { env: mortal, steps, revive } = struckOnceAtEach(held.env, fault);
      for (;;) {
        revive();
        const accepted = await submitBuild(mortal, quickParts(), Date.now()).catch(() => null);
        if (accepted?.run.state === "queued") break;
        expect(steps.length).toBeLessThan(60);
      }
      const known = steps.filter((step) => !submissionSteps.includes(step));
      expect(known).toEqual([]);
      if (fault === "killed") expect(steps.toSorted()).toEqual(submissionSteps.toSorted());
      expect(await countRows("builds", "runs", "backends")).toBe(3);
      const id = (await env.DB.prepare("SELECT id FROM runs").first<string>("id")) ?? "";
      await live(held.env, held.messages);
      await expectPublished(id);
    },
  );
});
