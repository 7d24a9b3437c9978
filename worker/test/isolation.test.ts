import { env, SELF } from "cloudflare:test";
import { expect, it, vi } from "vitest";
import { RETRY_DELAY_S } from "../pipeline/consumer.ts";
import { buildRequest, builtParts } from "./builds.ts";
import { heldQueue, runNow, submitBuild } from "./pipeline.ts";
import { countRows, jsonOf, registerVendor } from "./requests.ts";

const build = () => builtParts("kvm");

// Tests of this file come in pairs: the second of a pair would see what the first left on the queue.

it("a test may end while the queue still works on its run", async () => {
  const response = await SELF.fetch(await buildRequest(build(), await registerVendor("parley")));
  const { run } = await jsonOf<{ run: { id: string } }>(response);
  while ((await runNow(run.id)).progress.shardsDone === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  expect((await runNow(run.id)).state).toBe("running");
});

it("the next one has the storage to itself: nobody goes on with a run of the same id", async () => {
  expect(await countRows("vendors", "runs", "shards", "events")).toBe(0);
  expect((await env.BLOBS.list()).objects).toEqual([]);
  const { run } = await submitBuild(heldQueue().env, build());
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(await runNow(run.id)).toMatchObject({ state: "queued", progress: { shardsDone: 0 } });
  expect((await env.BLOBS.list({ prefix: "shards/" })).objects).toEqual([]);
});

it("a test may end while a message waits to be delivered again", async () => {
  const held = heldQueue();
  await submitBuild(held.env, build());
  await env.DB.exec("UPDATE shards SET units = 'no JSON'");
  vi.spyOn(console, "error").mockImplementation(() => {});
  await env.SHARDS.sendBatch(held.messages.map((body) => ({ body })));
  const failed = () => env.DB.prepare("SELECT count(*) AS n FROM shards WHERE error IS NOT NULL").first<number>("n");
  await vi.waitFor(async () => expect(await failed()).toBe(held.messages.length), { timeout: 20_000 });
  vi.restoreAllMocks();
});

it("the next one does not get that message, though its run has the same id", async () => {
  const { run } = await submitBuild(heldQueue().env, build());
  await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_S * 1000 + 500));
  expect(await runNow(run.id)).toMatchObject({ state: "queued", progress: { shardsDone: 0 } });
});
