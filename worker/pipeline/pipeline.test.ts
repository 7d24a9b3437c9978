import { env, SELF } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { hostileGuest } from "../../e2e/lib/hostile.ts";
import { blobKey } from "../db/blobs.ts";
import type { ShardMessage } from "../env.ts";
import { sha256Hex } from "../identity/encoding.ts";
import type { BlobRef, EventItem, Matrix } from "../registry/views.ts";
import { buildRequest, builds, builtParts, quickParts } from "../test/builds.ts";
import { deliver, expectPublished, heldQueue, runNow, submitBuild, T0, waitForRun } from "../test/pipeline.ts";
import { call, jsonOf, problemOf, registerVendor } from "../test/requests.ts";

describe("a build, through the real queue", () => {
  // kvm's are the longest: e2e/submission.test.ts has them over HTTP.
  const small = builds.map(({ name }) => name).filter((name) => !name.startsWith("kvm"));

  it.each(small)("%s gives the report that Node gives, bit for bit", async (name) => {
    const token = await registerVendor("parley");
    const response = await SELF.fetch(await buildRequest(builtParts(name), token));
    const { run } = await jsonOf<{ run: { id: string } }>(response);
    await waitForRun(run.id);
    const view = await expectPublished(run.id);
    expect(view.reportDigest).toBe(builds.find((build) => build.name === name)?.report);
    const report = await call(`/api/v1/runs/${run.id}/report`);
    expect(report.headers.get("Cache-Control")).toContain("immutable");
    expect(`sha256:${await sha256Hex(new Uint8Array(await report.arrayBuffer()))}`).toBe(view.reportDigest);
  });
});

describe("a shard that fails whenever the queue delivers it", () => {
  it("becomes a dead letter, which ends its run as abandoned, with the reason", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const held = heldQueue();
    const { run } = await submitBuild(held.env, quickParts("1.0.1"));
    const [message] = held.messages;
    // The store loses a half, after which the isolate has another build in memory.
    const { guest } = await jsonOf<{ guest: BlobRef }>(
      await call(`/api/v1/builds/${(await runNow(run.id)).build.digest}`),
    );
    await submitBuild(held.env, quickParts("1.0.2"));
    await env.BLOBS.delete(blobKey(guest.digest));
    await env.SHARDS.send(message as ShardMessage);
    const { state, reason, events } = await waitForRun(run.id);
    expect({ state, reason }).toEqual({
      state: "abandoned",
      reason: expect.stringMatching(/^Shard 0 failed for good: Part .* is not in the store\.$/),
    });
    expect(events.at(-1)).toMatchObject({ type: "run.abandoned", actor: "registry", detail: reason });
    // Each delivery that the queue makes of one message (wrangler.toml), and no more.
    expect(logged.mock.calls.length).toBe(5);
    logged.mockRestore();
  });
});

describe("fifty small builds submitted at once", () => {
  it("all finish, each with one published run", { timeout: 180_000 }, async () => {
    const token = await registerVendor("parley");
    const requests = await Promise.all(
      Array.from({ length: 50 }, (_, index) => buildRequest(quickParts(`1.0.${index}`), token)),
    );
    const answers = await Promise.all(requests.map((request) => SELF.fetch(request)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202));
    const runs = await Promise.all(answers.map((answer) => jsonOf<{ run: { id: string } }>(answer)));
    expect(new Set(runs.map(({ run }) => run.id)).size).toBe(50);
    for (const { run } of runs) expect((await waitForRun(run.id)).state).toBe("published");
    const { n } = (await env.DB.prepare("SELECT count(*) AS n FROM events WHERE type = 'run.published'").first<{
      n: number;
    }>()) ?? { n: 0 };
    expect(n).toBe(50);
  });
});

describe("while a build that loops for ever runs", () => {
  it("other requests are answered between its slices", async () => {
    const held = heldQueue();
    const looping = { ...quickParts(), guest: hostileGuest("loop", "irq_disable") };
    const { run } = await submitBuild(held.env, looping);
    let running = true;
    const done = deliver(held.env, held.messages).finally(() => {
      running = false;
    });
    const began = Date.now();
    let longest_ms = 0;
    while (running) {
      const asked = Date.now();
      expect((await call("/badge/parley/quick.svg")).status).toBe(200);
      longest_ms = Math.max(longest_ms, Date.now() - asked);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(longest_ms).toBeLessThan((Date.now() - began) / 4);
    await done;
    const { summary, ops } = await expectPublished(run.id);
    expect(summary?.core.error).toBeGreaterThan(0);
    expect(ops?.find((op) => op.id === "irq.disable")?.verdict).toBe("error");
  });
});

describe("a published run", () => {
  it("is what matrix, op, badge and build show", async () => {
    const held = heldQueue();
    const { run, build } = await submitBuild(held.env, builtParts("native"));
    const before = await jsonOf<Matrix>(await call("/api/v1/matrix"));
    expect(before.rows).toEqual([]);
    expect(before.waiting).toMatchObject([
      { vendor: "parley", backend: "native", run: { id: run.id, state: "queued" } },
    ]);
    await problemOf(await call(`/api/v1/runs/${run.id}/report`), 404);
    await deliver(held.env, held.messages);
    const { summary } = await expectPublished(run.id);
    const matrix = await jsonOf<Matrix>(await call("/api/v1/matrix"));
    expect(matrix.waiting).toEqual([]);
    const [row] = matrix.rows;
    expect(row).toMatchObject({
      vendor: "parley",
      backend: "native",
      build: build.digest,
      run: { id: run.id },
      pending: null,
    });
    expect(row).toMatchObject({ conforms: summary?.conforms, held: summary?.core.held, of: summary?.core.of });
    expect(Object.keys(row?.cells ?? {})).toEqual(matrix.groups.flatMap((group) => group.ops));
    const badge = await jsonOf<{ message: string }>(await call("/badge/parley/native.json"));
    expect(badge.message).toContain(`${summary?.core.held}/${summary?.core.of}`);
    expect(await jsonOf(await call(`/api/v1/builds/${build.digest}`))).toMatchObject({
      runs: [{ id: run.id, conforms: summary?.conforms }],
    });
    expect((await env.BLOBS.list({ prefix: `shards/${run.id}/` })).objects).toEqual([]);
  });

  it("gives way to a later build, and is not displaced by an earlier one that ends later", async () => {
    const [first, second, third] = [heldQueue(), heldQueue(), heldQueue()];
    const one = await submitBuild(first.env, quickParts("1.0.1"), T0);
    const two = await submitBuild(second.env, quickParts("1.0.2"), T0 + 1);
    const three = await submitBuild(third.env, quickParts("1.0.3"), T0 + 2);
    const shown = async () =>
      (await jsonOf<Matrix>(await call("/api/v1/matrix"))).rows.map((row) => [row.version, row.pending?.id]);
    await deliver(first.env, first.messages);
    expect(await shown()).toEqual([["1.0.1", three.run.id]]);
    await deliver(third.env, third.messages);
    await deliver(second.env, second.messages);
    expect(await shown()).toEqual([["1.0.3", undefined]]);
    const { items } = await jsonOf<{ items: EventItem[] }>(await call("/api/v1/backends/parley/quick/events"));
    const [before, after] = await Promise.all([one, three].map(async ({ run }) => (await runNow(run.id)).reportDigest));
    expect(items).toMatchObject([
      {
        type: "backend.shown",
        subject: "backend:parley/quick",
        before: null,
        after: before,
        detail: `run:${one.run.id}`,
      },
      { type: "backend.shown", actor: "registry", before, after, detail: `run:${three.run.id}` },
    ]);
    for (const { run } of [one, two])
      expect((await jsonOf<{ state: string }>(await call(`/api/v1/runs/${run.id}`))).state).toBe("published");
  });
});
