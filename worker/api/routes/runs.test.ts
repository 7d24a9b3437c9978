import { env } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import type { BuildView } from "../../registry/views.ts";
import { deliver, expectPublished, heldQueue, runNow, submitBuild, waitForRun } from "../../test/pipeline.ts";
import { bearer, call, countRows, jsonOf, problemOf, registerVendor } from "../../test/requests.ts";

type Answer = { run: { id: string; state: string; url: string }; created: boolean };

let token: string;

beforeEach(async () => {
  token = await registerVendor("parley");
});

const ask = (id: string, what: "cancel" | "rerun", as = token) =>
  call(`/api/v1/runs/${id}/${what}`, { method: "POST", headers: bearer(as) });

describe("cancelling a run", () => {
  it("ends it, once, by its vendor's word; shards that come later do nothing", async () => {
    const held = heldQueue();
    const { run } = await submitBuild(held.env);
    const [first] = held.messages;
    await deliver(held.env, first ? [first] : []);
    const answer = await ask(run.id, "cancel");
    expect(answer.status).toBe(200);
    expect((await jsonOf<Answer>(answer)).run).toMatchObject({ id: run.id, state: "cancelled" });
    await deliver(held.env, held.messages);
    const view = await runNow(run.id);
    expect(view).toMatchObject({ state: "cancelled", reason: "The vendor cancelled it.", reportDigest: null });
    expect(view.events.at(-1)).toMatchObject({ type: "run.cancelled", actor: "vendor:parley" });
    expect((await env.BLOBS.list({ prefix: "shards/" })).objects).toEqual([]);
    expect((await problemOf(await ask(run.id, "cancel"), 409)).type).toMatch(/run-finished$/);
  });

  it("leaves a published run as it is", async () => {
    const held = heldQueue();
    const { run } = await submitBuild(held.env);
    await deliver(held.env, held.messages);
    await problemOf(await ask(run.id, "cancel"), 409);
    await expectPublished(run.id);
  });
});

describe("running again", () => {
  it("adds an attempt that goes its own way, and shows all of them", async () => {
    const held = heldQueue();
    const { run, build } = await submitBuild(held.env);
    await deliver(held.env, held.messages);
    const answer = await ask(run.id, "rerun");
    expect(answer.status).toBe(202);
    const again = await jsonOf<Answer>(answer);
    expect(again.created).toBe(true);
    expect(again.run.id).not.toBe(run.id);
    expect(answer.headers.get("Location")).toBe(again.run.url);
    const view = await waitForRun(again.run.id);
    expect(view).toMatchObject({ state: "published", attempt: 2, reportDigest: (await runNow(run.id)).reportDigest });
    expect(view.attempts.map(({ id, attempt }) => [id, attempt])).toEqual([
      [run.id, 1],
      [again.run.id, 2],
    ]);
    const { runs } = await jsonOf<BuildView>(await call(`/api/v1/builds/${build.digest}`));
    expect(runs.map(({ attempt }) => attempt)).toEqual([2, 1]);
    expect(await (await call(`/runs/${run.id}`)).text()).toContain(`href="/runs/${again.run.id}"`);
  });

  it("gives the attempt that is under way, however often it is asked for", async () => {
    const { run } = await submitBuild(heldQueue().env);
    expect(await jsonOf(await ask(run.id, "rerun"))).toMatchObject({ created: false, run: { id: run.id } });
    expect((await ask(run.id, "cancel")).status).toBe(200);
    const both = await Promise.all([ask(run.id, "rerun"), ask(run.id, "rerun")]);
    const [one, two] = await Promise.all(both.map((answer) => jsonOf<Answer>(answer)));
    expect(one?.run.id).toBe(two?.run.id);
    expect(await countRows("runs")).toBe(2);
  });
});

describe.each(["cancel", "rerun"] as const)("POST /api/v1/runs/{id}/%s", (what) => {
  it("needs a token of the run's vendor", async () => {
    const { run } = await submitBuild(heldQueue().env);
    const other = await registerVendor("acme");
    const before = await countRows("runs", "events");
    expect((await problemOf(await ask(run.id, what, other), 403)).detail).toContain('"parley"');
    await problemOf(await call(`/api/v1/runs/${run.id}/${what}`, { method: "POST" }), 401);
    expect(await countRows("runs", "events")).toBe(before);
    expect((await runNow(run.id)).state).toBe("queued");
  });

  it("knows only runs that exist", async () => {
    await problemOf(await ask("0".repeat(24), what), 404);
    await problemOf(await ask("x", what), 400);
  });
});
