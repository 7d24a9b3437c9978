import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { SHARD_LEASE_MS } from "../limits.ts";
import { endEarly } from "../pipeline/transition.ts";
import type { RunView } from "../registry/views.ts";
import { deliver, heldQueue, runNow, submitBuild } from "../test/pipeline.ts";
import { call, jsonOf, problemOf } from "../test/requests.ts";
import type { Progress } from "./progress.ts";

interface Event {
  name: string;
  data: Progress;
}

/** Follows a run as a browser does. `next` waits for one event and gives null when the stream has closed. */
async function followed(id: string) {
  const response = await call(`/api/v1/runs/${id}/live`);
  expect(response.status).toBe(200);
  expect(response.headers.get("Content-Type")).toBe("text/event-stream; charset=utf-8");
  const reader = (response.body as ReadableStream<BufferSource>).pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const next = async (): Promise<Event | null> => {
    for (;;) {
      const end = text.indexOf("\n\n");
      if (end >= 0) {
        const lines = text.slice(0, end).split("\n");
        text = text.slice(end + 2);
        const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
        if (field("data")) return { name: field("event") ?? "", data: JSON.parse(field("data") ?? "") };
        continue;
      }
      const { done, value } = await reader.read();
      if (done) return null;
      text += value;
    }
  };
  return { next, leave: () => reader.cancel() };
}

describe("GET /api/v1/runs/{id}/live", () => {
  it("tells every step to everybody who follows, and closes when the run ends", async () => {
    const held = heldQueue();
    const { run } = await submitBuild(held.env);
    const [one, two] = [await followed(run.id), await followed(run.id)];
    const first = await one.next();
    expect(first).toMatchObject({ name: "state", data: { state: "queued", progress: { shardsDone: 0 } } });
    expect(await two.next()).toEqual(first);
    await deliver(held.env, held.messages);
    for (const follower of [one, two]) {
      const told: Event[] = [];
      for (let event = await follower.next(); event; event = await follower.next()) told.push(event);
      expect(told.slice(0, -1).every(({ name }) => name === "state")).toBe(true);
      const { id, state, at, reason, progress } = await runNow(run.id);
      expect(told.at(-1)).toEqual({ name: "end", data: { id, state, at, reason, progress } });
      const done = told.map(({ data }) => data.progress.shardsDone);
      expect(done).toEqual(done.toSorted((a, b) => a - b));
      expect(told.some(({ data }) => data.state === "running")).toBe(true);
    }
  });

  it("says the same as polling does, at every step", async () => {
    const held = heldQueue();
    const { run } = await submitBuild(held.env);
    const { next, leave } = await followed(run.id);
    await next();
    await deliver(held.env, held.messages.slice(0, 1));
    let event = await next();
    while (event?.data.progress.shardsDone === 0) event = await next();
    expect(await jsonOf<RunView>(await call(`/api/v1/runs/${run.id}`))).toMatchObject({ ...event?.data });
    await leave();
  });

  it("finds out by itself what nobody told it", async () => {
    const { run } = await submitBuild(heldQueue().env);
    const { next } = await followed(run.id);
    await next();
    const deaf = { ...env, LIVE: { idFromName: () => expect.fail("is not asked") } as unknown as typeof env.LIVE };
    await endEarly(deaf, run.id, "cancelled", SHARD_LEASE_MS, "asked to");
    expect(await next()).toMatchObject({ name: "end", data: { state: "cancelled", reason: "asked to" } });
    expect(await next()).toBeNull();
  });

  it("tells the end of a run that is over, and nothing to who knows it", async () => {
    const { run } = await submitBuild(heldQueue().env);
    await endEarly(env, run.id, "cancelled", 1, "asked to");
    const { next } = await followed(run.id);
    expect(await next()).toMatchObject({ name: "end", data: { state: "cancelled" } });
    expect(await next()).toBeNull();
    const again = await call(`/api/v1/runs/${run.id}/live`, { headers: { "Last-Event-ID": "end" } });
    expect(again.status).toBe(204);
  });

  it("is what the page of a run follows while it is unfinished", async () => {
    const { run } = await submitBuild(heldQueue().env);
    const address = `data-live="/api/v1/runs/${run.id}/live"`;
    expect(await (await call(`/runs/${run.id}`)).text()).toContain(address);
    await endEarly(env, run.id, "cancelled", 1, "asked to");
    expect(await (await call(`/runs/${run.id}`)).text()).not.toContain(address);
  });

  it("knows only runs that exist", async () => {
    await problemOf(await call(`/api/v1/runs/${"0".repeat(24)}/live`), 404);
    await problemOf(await call("/api/v1/runs/x/live"), 400);
  });

  it("lets the run go on when a follower leaves", async () => {
    const held = heldQueue();
    const { run } = await submitBuild(held.env);
    const { next, leave } = await followed(run.id);
    await next();
    await leave();
    await deliver(held.env, held.messages);
    expect((await runNow(run.id)).state).toBe("published");
  });
});
