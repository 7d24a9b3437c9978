import { createExecutionContext, createMessageBatch, env, getQueueResult } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Env, ShardMessage } from "../env.ts";
import { SHARD_LEASE_MS, SHARD_TRIES_MAX, SWEEP_AGAIN_MS } from "../limits.ts";
import { failing } from "../test/faults.ts";
import { deliver, expectPublished, heldQueue, runNow, submitBuild, T0 } from "../test/pipeline.ts";
import { consume, DEAD_QUEUE } from "./consumer.ts";
import { finish } from "./publish.ts";
import { sweep } from "./sweeper.ts";

/** The consumer reads the real clock. */
const later = (ms: number) => Date.now() + ms;

async function batchOf(queue: string, messages: ShardMessage[], bindings: Env = env) {
  const entries = messages.map((body, index) => ({ id: String(index), timestamp: T0, attempts: 1, body }));
  const batch = createMessageBatch(queue, entries);
  const ctx = createExecutionContext();
  await consume(bindings, batch);
  return getQueueResult(batch, ctx);
}

beforeEach(() => {
  // Failures are asked for here; what the registry writes about them is not news.
  vi.spyOn(console, "error").mockImplementation(() => {});
});

describe("the queue", () => {
  it("may deliver twice, late and out of order", async () => {
    const held = heldQueue();
    const { run } = await submitBuild(held.env);
    const backwards = held.messages.toReversed();
    await deliver(held.env, [...backwards, ...backwards]);
    const { reportDigest } = await expectPublished(run.id);
    await deliver(held.env, held.messages);
    expect((await expectPublished(run.id)).reportDigest).toBe(reportDigest);
  });

  it("may be slow: a run is running from its first shard to its last", async () => {
    const held = heldQueue();
    const { run } = await submitBuild(held.env);
    for (const [done, message] of held.messages.entries()) {
      expect(await runNow(run.id)).toMatchObject({
        state: done ? "running" : "queued",
        progress: { shardsDone: done },
      });
      await deliver(held.env, [message]);
    }
    expect(held.messages.length).toBeGreaterThan(1);
    await expectPublished(run.id);
  });

  it("may give one shard to two consumers at once", async () => {
    const held = heldQueue();
    const { run } = await submitBuild(held.env);
    await Promise.all([deliver(held.env, held.messages), deliver(held.env, held.messages)]);
    // Whoever found a shard taken let it go: the holder finishes it.
    await expectPublished(run.id);
  });

  it("may let two consumers finish the run at once: one batch wins", async () => {
    const held = heldQueue();
    const { run } = await submitBuild(held.env);
    await deliver({ ...held.env, BLOBS: failing(env.BLOBS, "get") }, held.messages).catch(() => {});
    expect(await runNow(run.id)).toMatchObject({ state: "merging" });
    await Promise.all([finish(env, run.id), finish(env, run.id)]);
    await expectPublished(run.id);
  });

  it("may lose every message: the sweeper sends them again", async () => {
    const held = heldQueue();
    const { run } = await submitBuild(held.env);
    held.messages.length = 0;
    expect(await sweep(held.env, T0)).toBe(0);
    expect(await sweep(held.env, T0 + SWEEP_AGAIN_MS)).toBe(1);
    expect(held.messages.length).toBe((await runNow(run.id)).progress.shards);
    await deliver(held.env, held.messages);
    await expectPublished(run.id);
    expect(await sweep(held.env, later(SWEEP_AGAIN_MS))).toBe(0);
  });

  it("may fail at submission: the run is received, and the sweeper starts it", async () => {
    const broken = {
      ...env,
      SHARDS: { sendBatch: () => Promise.reject(new Error("queue down")) } as unknown as Env["SHARDS"],
    };
    const { run } = await submitBuild(broken);
    const held = heldQueue();
    await sweep(held.env, T0 + SWEEP_AGAIN_MS);
    await deliver(held.env, held.messages);
    await expectPublished(run.id);
  });

  it("may know messages of no run", async () => {
    const result = await batchOf("parley-shards", [{ run: "0".repeat(24), shard: 7 }]);
    expect(result.explicitAcks).toEqual(["0"]);
  });
});

describe("a consumer", () => {
  it("that died holding a shard is replaced when its lease ends, and at once after a restart", async () => {
    const held = heldQueue();
    const { run } = await submitBuild(held.env);
    await env.DB.exec(`UPDATE shards SET tries = 1, lease_until = ${later(SHARD_LEASE_MS)}`);
    await deliver(held.env, held.messages);
    expect((await runNow(run.id)).progress.shardsDone).toBe(0);
    held.messages.length = 0;
    await sweep(held.env, later(SHARD_LEASE_MS / 2));
    expect(held.messages).toEqual([]);
    await sweep(held.env, later(0), true);
    await deliver(held.env, held.messages);
    await expectPublished(run.id);
  });

  it("that fails is retried, with the reason kept; a shard that always fails abandons the run", async () => {
    const held = heldQueue();
    const { run } = await submitBuild(held.env);
    const [message] = held.messages as [ShardMessage];
    const broken = { ...held.env, BLOBS: failing(env.BLOBS, "put") };
    const result = await batchOf("parley-shards", [message], broken);
    expect(result.retryMessages.map(({ msgId }) => msgId)).toEqual(["0"]);
    expect(await env.DB.prepare("SELECT error FROM shards WHERE shard = ?").bind(message.shard).first()).toEqual({
      error: "put is down",
    });
    for (let attempt = 1; attempt < SHARD_TRIES_MAX; attempt++) await batchOf("parley-shards", [message], broken);
    await deliver(held.env, [message]);
    expect(await runNow(run.id)).toMatchObject({
      state: "abandoned",
      reason: expect.stringMatching(/tried 5 times.*put is down/),
    });
  });

  it("whose message the queue gave up on ends the run, with the reason", async () => {
    const held = heldQueue();
    const { run } = await submitBuild(held.env);
    await batchOf("parley-shards", held.messages, { ...held.env, BLOBS: failing(env.BLOBS, "get") });
    const result = await batchOf(DEAD_QUEUE, held.messages.slice(-1));
    expect(result.explicitAcks).toEqual(["0"]);
    const view = await runNow(run.id);
    expect(view).toMatchObject({ state: "abandoned", reason: expect.stringMatching(/failed for good: get is down/) });
    expect(view.events.at(-1)).toMatchObject({ type: "run.abandoned", detail: view.reason });
    held.messages.length = 0;
    const again = await submitBuild(held.env);
    expect(again).toMatchObject({ created: true, build: { digest: view.build.digest } });
    await deliver(held.env, held.messages);
    expect(await expectPublished(again.run.id)).toMatchObject({ attempt: 2 });
    expect(await submitBuild(held.env)).toMatchObject({ created: false, run: { id: again.run.id } });
  });
});
