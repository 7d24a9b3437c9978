import { env } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { hostileGuest } from "../../e2e/lib/hostile.ts";
import type { ShardMessage } from "../env.ts";
import { SWEEP_AGAIN_MS } from "../limits.ts";
import { forgetKept } from "../registry/kept.ts";
import { readBuild } from "../registry/read-build.ts";
import type { Matrix } from "../registry/views.ts";
import { builtParts, quickParts, withManifest } from "../test/builds.ts";
import { replaceSuite } from "../test/old-suite.ts";
import { deliver, expectPublished, heldQueue, runNow, submitBuild, T0 } from "../test/pipeline.ts";
import { call, jsonOf } from "../test/requests.ts";
import { theSuite } from "./engine.ts";
import { repeatRun } from "./steer.ts";
import { sweep } from "./sweeper.ts";
import { endEarly } from "./transition.ts";

const held = heldQueue();

beforeEach(() => {
  held.messages.length = 0;
});

const shown = async () =>
  (await env.DB.prepare("SELECT current_run FROM backends").first<{ current_run: string }>())?.current_run;
const runsOf = async (build: string) =>
  (
    await env.DB.prepare("SELECT id, attempt, cause, repeats FROM runs WHERE build = ? ORDER BY attempt")
      .bind(build)
      .all()
  ).results as { id: string; attempt: number; cause: string; repeats: string | null }[];
const deliverAll = async (): Promise<void> => deliver(held.env, held.messages.splice(0) as ShardMessage[]);

const good = (version = "1.0.0") => withManifest(builtParts("native"), { backend: "quick", version });

/** Runs a good build, then one of the same backend that fails at boot; its first run is published then. */
async function newlyFailing() {
  const before = await submitBuild(held.env, good());
  await deliverAll();
  const failing = await submitBuild(held.env, quickParts("2.0.0"), T0 + 1);
  await deliverAll();
  const [first, second] = await runsOf(failing.build.digest);
  return { before: before.run.id, first: first?.id ?? "", second: second?.id ?? "", build: failing.build };
}

describe("a run that newly fails", () => {
  it("is repeated once before it is shown", async () => {
    const { before, first, second, build } = await newlyFailing();
    expect((await runNow(first)).state).toBe("published");
    expect(await shown()).toBe(before);
    expect(await runNow(second)).toMatchObject({ state: "queued", attempt: 2, cause: "repeat", repeats: first });
    await deliverAll();
    await expectPublished(second);
    expect(await shown()).toBe(second);
    expect(held.messages).toEqual([]);
    expect((await runsOf(build.digest)).map(({ cause }) => cause)).toEqual(["submission", "repeat"]);
    expect((await readBuild(env, build.digest))?.runs).toMatchObject([
      { id: second, cause: "repeat", repeats: first },
      { id: first, cause: "submission", repeats: null },
    ]);
  });

  it("is shown itself if its repetition ends without a result", async () => {
    const { first, second } = await newlyFailing();
    await endEarly(env, second, "cancelled", T0 + 2, "asked to", "vendor:parley");
    expect(await shown()).toBe(first);
  });

  it("gives way to a later build that is published while it is repeated", async () => {
    const { second } = await newlyFailing();
    const repetition = held.messages.splice(0);
    const later = await submitBuild(held.env, good("3.0.0"), T0 + 2);
    await deliverAll();
    await deliver(held.env, repetition);
    expect((await runNow(second)).state).toBe("published");
    expect(await shown()).toBe(later.run.id);
  });

  it("is repeated even if the consumer dies after publishing", async () => {
    await submitBuild(held.env, good());
    await deliverAll();
    const { build } = await submitBuild(held.env, quickParts("2.0.0"), T0 + 1);
    vi.spyOn(console, "error").mockImplementation(() => {});
    const down = () => Promise.reject(new Error("queue down"));
    await deliver(
      { ...held.env, SHARDS: { sendBatch: down } as unknown as typeof env.SHARDS },
      held.messages.splice(0),
    );
    const second = (await runsOf(build.digest))[1]?.id ?? "";
    await sweep(held.env, Date.now() + SWEEP_AGAIN_MS);
    await deliverAll();
    expect(await shown()).toBe(second);
    vi.restoreAllMocks();
  });
});

describe("a run that fails as the one before it did", () => {
  it("is shown at once", async () => {
    await submitBuild(held.env, quickParts("1.0.0"));
    await deliverAll();
    const other = { ...quickParts("1.0.1"), guest: hostileGuest("loop", "half_init") };
    const { run, build } = await submitBuild(held.env, other, T0 + 1);
    await deliverAll();
    expect(await shown()).toBe(run.id);
    expect(await runsOf(build.digest)).toHaveLength(1);
  });
});

describe("an old build that is run again", () => {
  it("does not displace the result of a newer one", async () => {
    const old = await submitBuild(held.env, quickParts("1.0.0"));
    await deliverAll();
    const { run } = await submitBuild(held.env, quickParts("1.0.1"), T0 + 1);
    await deliverAll();
    const again = await repeatRun(held.env, old.run.id, { vendor: "parley", address: "address:test" }, T0 + 2);
    await deliverAll();
    expect((await runNow(again.run.id)).state).toBe("published");
    expect(await shown()).toBe(run.id);
  });
});

describe("a new suite", () => {
  it("runs the latest build of every backend, once", async () => {
    const old = await submitBuild(held.env, quickParts("1.0.0"));
    const latest = await submitBuild(held.env, quickParts("1.0.1"), T0 + 1);
    const other = await submitBuild(held.env, builtParts("native"), T0 + 2);
    await deliverAll();
    await replaceSuite();
    const now = Date.now();
    await sweep(held.env, now);
    for (const { build } of [latest, other]) {
      const { results } = await env.DB.prepare(
        "SELECT state, cause FROM runs WHERE build = ? AND suite <> 'sha256:old'",
      )
        .bind(build.digest)
        .all();
      expect(results).toEqual([{ state: "queued", cause: "suite" }]);
    }
    expect(await runsOf(old.build.digest)).toHaveLength(1);
    expect(held.messages.length).toBeGreaterThan(0);
    await deliverAll();
    await sweep(held.env, now + SWEEP_AGAIN_MS);
    expect(held.messages).toEqual([]);
    const run =
      (await env.DB.prepare("SELECT current_run FROM backends WHERE slug = 'quick'").first<string>("current_run")) ??
      "";
    expect(await runNow(run)).toMatchObject({
      state: "published",
      cause: "suite",
      build: { digest: latest.build.digest },
    });
  });

  it("leaves the results of the older one standing, marked as stale, until its own are there", async () => {
    const { run, build } = await submitBuild(held.env, builtParts("native"));
    await deliverAll();
    const matrix = async () => jsonOf<Matrix>(await call("/api/v1/matrix"));
    const [before] = (await matrix()).rows;
    expect(before).toMatchObject({ stale: false, pending: null, build: build.digest });
    await replaceSuite();
    await env.DB.batch(
      ["DROP TRIGGER op_results_kept", "DELETE FROM op_results WHERE op = 'irq.disable'"].map((text) =>
        env.DB.prepare(text),
      ),
    );
    forgetKept();
    const { rows, suite } = await matrix();
    expect(suite.digest).toBe((await theSuite()).digest);
    // The verdict is the old suite's, and of what that suite did not have there is none.
    expect(rows).toMatchObject([{ stale: true, suite: { digest: "sha256:old" }, conforms: before?.conforms }]);
    expect(rows[0]).toMatchObject({ held: before?.held, of: before?.of, pending: null });
    expect(rows[0]?.cells).toEqual({ ...before?.cells, "irq.disable": "not-run" });
    const shownAs = async (path: string) => (await call(path)).text();
    for (const path of ["/", "/backends/parley/native", `/runs/x${run.id.slice(1)}`, "/ops/irq.enable"])
      expect(await shownAs(path), path).toContain("⧗ stale: of an older suite");
    expect(await shownAs("/")).toContain("Re-running the latest build of every backend on suite");
    expect(await shownAs("/badge/parley/native.svg")).toContain("⧗ stale");
    await sweep(held.env, Date.now());
    expect((await matrix()).rows).toMatchObject([{ stale: true, pending: { state: "queued" } }]);
    await deliverAll();
    expect((await matrix()).rows).toEqual([{ ...before, run: expect.anything() }]);
    expect(await shownAs("/")).not.toContain("⧗ stale");
  });

  it("that cannot take a build says so instead of trying for ever", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const { build } = await submitBuild(held.env, quickParts());
    // An isolate keeps the last build that it loaded: this one, then.
    await submitBuild(held.env, builtParts("native"), T0 + 1);
    await deliverAll();
    await replaceSuite();
    const blobs = await env.BLOBS.list({ prefix: "blobs/" });
    await env.BLOBS.delete(blobs.objects.map(({ key }) => key));
    await sweep(held.env, Date.now());
    const { results } = await env.DB.prepare("SELECT state, reason FROM runs WHERE build = ? AND cause = 'suite'")
      .bind(build.digest)
      .all();
    expect(results).toEqual([{ state: "abandoned", reason: expect.stringMatching(/is not in the store/) }]);
    vi.restoreAllMocks();
  });
});
