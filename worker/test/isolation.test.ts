import { env, SELF } from "cloudflare:test";
import { expect, it } from "vitest";
import { buildRequest, builtParts } from "./builds.ts";
import { heldQueue, runNow, submitBuild } from "./pipeline.ts";
import { countRows, jsonOf, registerVendor } from "./requests.ts";

const build = () => builtParts("kvm");

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
