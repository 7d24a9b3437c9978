import { env } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Env, ShardMessage } from "../env.ts";
import { REPRODUCTION_OPEN_MS } from "../limits.ts";
import { finish } from "../pipeline/publish.ts";
import { sweep } from "../pipeline/sweeper.ts";
import type { BuildView, DisputeView, Matrix, ReproductionView } from "../registry/views.ts";
import { quickParts } from "../test/builds.ts";
import { failing } from "../test/faults.ts";
import { deliver, heldQueue, runNow, submitBuild } from "../test/pipeline.ts";
import { seedDigest } from "../test/reproduce.ts";
import { bearer, call, jsonOf, postJson, problemOf, registerVendor } from "../test/requests.ts";
import { commitReproduction } from "./reproductions.ts";

const held = heldQueue();
const wrong = `sha256:${"e".repeat(64)}`;
let run: string;
let build: string;
let party: string;

beforeEach(async () => {
  held.messages.length = 0;
  ({
    run: { id: run },
    build: { digest: build },
  } = await submitBuild(held.env, quickParts()));
  await deliverAll();
  party = await registerVendor("acme");
  await call("/api/v1/vendors/acme/verify", { method: "POST", headers: bearer(env.MEDIATOR_TOKEN) });
});

const deliverAll = () => deliver(held.env, held.messages.splice(0) as ShardMessage[]);

async function issue(as = party, at = Date.now()): Promise<ReproductionView & { seed: string }> {
  const headers = { ...bearer(as), "X-Parley-Now": new Date(at).toISOString() };
  const response = await call(`/api/v1/runs/${run}/reproductions`, { method: "POST", headers });
  expect(response.status).toBe(201);
  return (await jsonOf<{ reproduction: ReproductionView & { seed: string } }>(response)).reproduction;
}

const now = async (id: string) =>
  (await jsonOf<{ reproduction: ReproductionView }>(await call(`/api/v1/reproductions/${id}`))).reproduction;

/** Commits through the held queue, so that the test decides when the registry runs the seed. */
const commit = (id: string, reportDigest: string) =>
  commitReproduction(held.env, id, { vendor: "acme", reportDigest }, Date.now());

const eventsOf = async (id: string) =>
  (
    await env.DB.prepare("SELECT type FROM events WHERE subject = ? ORDER BY id").bind(`reproduction:${id}`).all<{
      type: string;
    }>()
  ).results.map(({ type }) => type.replace("reproduction.", ""));

describe("a reproduction", () => {
  it("keeps its seed from everybody until its party has committed", async () => {
    const { id, seed } = await issue();
    expect(seed).toMatch(/^[0-9a-f]{64}$/);
    expect(await now(id)).toMatchObject({ state: "issued", seed: null, vendor: "acme", run, build });
    expect(await (await call(`/api/v1/runs/${run}`)).text()).not.toContain(seed);
    expect(await (await call("/api/v1/export")).text()).not.toContain(seed);
    expect((await issue()).seed).not.toBe(seed);
    await commit(id, wrong);
    expect((await now(id)).seed).toBe(seed);
  });

  it("that matches is shown in run, build, matrix, badge and page", async () => {
    const { id, seed } = await issue();
    const digest = await seedDigest(build, seed);
    await commit(id, digest);
    const { checkRun } = await now(id);
    expect(await runNow(checkRun ?? "")).toMatchObject({ cause: "reproduction", challenge: seed, attempt: 1 });
    await deliverAll();
    expect(await now(id)).toMatchObject({ state: "matched", checkDigest: digest, repeatRun: null });
    expect(await eventsOf(id)).toEqual(["issued", "checking", "matched"]);
    expect(held.messages).toEqual([]);
    expect(await runNow(run)).toMatchObject({ trust: { execution: "reproduced" }, standing: "valid" });
    expect((await jsonOf<Matrix>(await call("/api/v1/matrix"))).rows[0]).toMatchObject({
      run: { id: run },
      trust: { execution: "reproduced" },
    });
    const { runs } = await jsonOf<BuildView>(await call(`/api/v1/builds/${build}`));
    expect(runs).toMatchObject([{ id: run, execution: "reproduced" }]);
    expect(await (await call("/badge/parley/quick.svg")).text()).toContain("token, reproduced");
    expect(await (await call(`/runs/${run}`)).text()).toContain("reproduced by a verified party");
  });

  it("opens a dispute only when the registry's own repetition differs too", async () => {
    const { id } = await issue();
    await commit(id, wrong);
    await deliverAll();
    const first = await now(id);
    expect(first).toMatchObject({ state: "repeating", committedDigest: wrong });
    expect(await runNow(first.repeatRun ?? "")).toMatchObject({ cause: "repeat", repeats: first.checkRun, attempt: 2 });
    expect((await runNow(run)).standing).toBe("valid");
    await deliverAll();
    const ended = await now(id);
    expect(ended).toMatchObject({ state: "disputed", repeatDigest: first.checkDigest });
    expect(await eventsOf(id)).toEqual(["issued", "checking", "repeating", "disputed"]);
    const { items } = await jsonOf<{ items: DisputeView[] }>(await call("/api/v1/disputes"));
    expect(items).toMatchObject([{ id, run, build, claimant: "vendor:acme", state: "open" }]);
    expect(await runNow(run)).toMatchObject({ standing: "disputed", trust: { execution: "registry-run" } });
    expect(await (await call("/badge/parley/quick.svg")).text()).toContain("disputed");
    // The result itself stays, and so does what the matrix shows of it.
    expect((await jsonOf<Matrix>(await call("/api/v1/matrix"))).rows[0]).toMatchObject({
      run: { id: run },
      standing: "disputed",
    });
  });

  it("that the repetition bears out is matched: the first run was our fault", async () => {
    const { id, seed } = await issue();
    const digest = await seedDigest(build, seed);
    await commit(id, digest);
    await deliver(tampering(held.env), held.messages.splice(0));
    const first = await now(id);
    expect(first.state).toBe("repeating");
    expect(first.checkDigest).not.toBe(digest);
    await deliverAll();
    expect(await now(id)).toMatchObject({ state: "matched", repeatDigest: digest });
    expect(await runNow(run)).toMatchObject({ standing: "valid", trust: { execution: "reproduced" } });
  });

  it("is asked for by a verified vendor other than the build's own, about a published run", async () => {
    const ask = (id: string, token?: string) =>
      call(`/api/v1/runs/${id}/reproductions`, { method: "POST", headers: token ? bearer(token) : {} });
    const unverified = await registerVendor("other");
    expect((await problemOf(await ask(run, unverified), 403)).detail).toContain("unverified");
    await env.DB.exec("UPDATE vendors SET verified_at = 1");
    const tokens = await env.DB.prepare("SELECT id FROM tokens WHERE vendor = 'parley'").first<{ id: string }>();
    await env.DB.prepare("UPDATE tokens SET vendor = 'parley' WHERE vendor = 'other'").run();
    expect(tokens).not.toBeNull();
    expect((await problemOf(await ask(run, unverified), 403)).detail).toContain("own");
    await problemOf(await ask(run), 401);
    await problemOf(await ask("0".repeat(24), party), 404);
    const { id } = await issue();
    await commit(id, wrong);
    await problemOf(await ask((await now(id)).checkRun ?? "", party), 409);
  });

  it("is committed to once, by its party, in time", async () => {
    const { id } = await issue();
    const other = await registerVendor("other");
    const send = (digest: string, token = party, headers = {}) =>
      postJson(`/api/v1/reproductions/${id}/commit`, { reportDigest: digest }, { ...bearer(token), ...headers });
    await problemOf(await send(wrong, other), 404);
    await problemOf(await send("sha256:x"), 422);
    const late = { "X-Parley-Now": new Date(Date.now() + REPRODUCTION_OPEN_MS).toISOString() };
    expect((await problemOf(await send(wrong, party, late), 409)).detail).toContain("good until");
    const both = await Promise.all([commit(id, wrong), commit(id, wrong)]);
    expect(both[0]).toEqual(both[1]);
    await problemOf(await send(`sha256:${"f".repeat(64)}`), 409);
    expect((await send(wrong)).status).toBe(202);
    expect((await env.DB.prepare("SELECT count(*) AS n FROM runs").first<{ n: number }>())?.n).toBe(2);
  });

  it("lapses if nobody commits, and fails if the registry's run ends without a result", async () => {
    const lapsing = await issue();
    await sweep(held.env, Date.now() + REPRODUCTION_OPEN_MS);
    expect((await now(lapsing.id)).state).toBe("lapsed");
    const { id } = await issue();
    await commit(id, wrong);
    held.messages.length = 0;
    const { checkRun } = await now(id);
    const own = await env.DB.prepare("SELECT id FROM tokens WHERE vendor = 'parley'").first();
    expect(own).not.toBeNull();
    await env.DB.prepare("UPDATE runs SET state = 'abandoned', reason = 'lost', next_at = NULL WHERE id = ?")
      .bind(checkRun)
      .run();
    expect((await now(id)).state).toBe("failed");
    expect((await runNow(run)).standing).toBe("valid");
  });

  it("survives the death of the consumer that publishes its run: the batch is whole or not there", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const { id } = await issue();
    await commit(id, wrong);
    const { checkRun } = await now(id);
    await deliver({ ...held.env, DB: failing(env.DB, "batch") }, held.messages).catch(() => {});
    await deliver(held.env, held.messages.splice(0)).catch(() => {});
    await Promise.all([finish(held.env, checkRun ?? ""), finish(held.env, checkRun ?? "")]);
    await deliverAll();
    expect((await now(id)).state).toBe("disputed");
    expect(await eventsOf(id)).toEqual(["issued", "checking", "repeating", "disputed"]);
    vi.restoreAllMocks();
  });

  it("leaves the build's own runs alone: attempts, latest run, and submitting again", async () => {
    const { id } = await issue();
    await commit(id, wrong);
    await deliverAll();
    await deliverAll();
    expect(await submitBuild(held.env, quickParts())).toMatchObject({ created: false, run: { id: run } });
    expect((await runNow(run)).attempts.map((attempt) => attempt.id)).toEqual([run]);
    const shown = await env.DB.prepare("SELECT current_run, latest_run FROM backends").first();
    expect(shown).toEqual({ current_run: run, latest_run: run });
    expect(await (await call(`/badge/build/${build}.svg`)).text()).toContain("disputed");
    const { checkRun } = await now(id);
    const own = await jsonOf<{ token: { value: string } }>(
      await postJson("/api/v1/tokens", { scopes: ["submit"] }, bearer(await ownToken())),
    );
    expect(
      (
        await problemOf(
          await call(`/api/v1/runs/${checkRun}/cancel`, { method: "POST", headers: bearer(own.token.value) }),
          403,
        )
      ).detail,
    ).toContain("reproduction");
  });
});

/** A token of the build's vendor. */
async function ownToken(): Promise<string> {
  const spare = await registerVendor("spare");
  await env.DB.prepare("UPDATE tokens SET vendor = 'parley' WHERE vendor = 'spare'").run();
  return spare;
}

/** A store that gives out results of shards with another reason for the failed boot. */
function tampering(bindings: Env): Env {
  const get = async (key: string) => {
    const object = await bindings.BLOBS.get(key);
    if (!object || !key.startsWith("shards/")) return object;
    const text = (await object.text()).replaceAll('"reason":"', '"reason":"not ');
    return { json: async () => JSON.parse(text) };
  };
  const BLOBS = new Proxy(bindings.BLOBS, {
    get: (target, name) => {
      if (name === "get") return get;
      const member = Reflect.get(target, name) as unknown;
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  return { ...bindings, BLOBS };
}

describe("a dispute", () => {
  async function disputed(): Promise<string> {
    const { id } = await issue();
    await commit(id, wrong);
    await deliverAll();
    await deliverAll();
    return id;
  }

  it("is closed once, with a reason, by the mediator alone, who changes no result", async () => {
    const id = await disputed();
    const before = await runNow(run);
    const close = (body: object, token = env.MEDIATOR_TOKEN) =>
      postJson(`/api/v1/disputes/${id}/close`, body, bearer(token));
    await problemOf(await close({ outcome: "dismissed", reason: "x" }, party), 403);
    await problemOf(await close({ outcome: "dismissed" }), 422);
    const closed = await close({ outcome: "dismissed", reason: "The party ran another core.wasm." });
    expect((await jsonOf<{ dispute: DisputeView }>(closed)).dispute).toMatchObject({ state: "dismissed" });
    await problemOf(await close({ outcome: "upheld", reason: "x" }), 409);
    const after = await runNow(run);
    expect(after.standing).toBe("valid");
    expect({ ...after, standing: null, disputes: [] }).toEqual({ ...before, standing: null, disputes: [] });
    expect(await (await call("/badge/parley/quick.svg")).text()).not.toContain("disputed");
  });

  it("that is upheld stays on the badge", async () => {
    const id = await disputed();
    await postJson(
      `/api/v1/disputes/${id}/close`,
      { outcome: "upheld", reason: "Confirmed." },
      bearer(env.MEDIATOR_TOKEN),
    );
    expect((await runNow(run)).standing).toBe("disputed");
  });

  it("and its reproduction refuse to be changed or deleted", async () => {
    await disputed();
    for (const statement of [
      "UPDATE reproductions SET committed_digest = 'x'",
      "UPDATE reproductions SET seed = 'x'",
      "UPDATE reproductions SET state = 'matched'",
      "DELETE FROM reproductions",
      "UPDATE disputes SET claim = 'x'",
      "DELETE FROM disputes",
    ])
      await expect(env.DB.prepare(statement).run(), statement).rejects.toThrow(/reproductions:|disputes:/);
  });
});

describe("a withdrawn build", () => {
  it("says so on its badges, page and matrix row, and keeps its result", async () => {
    const before = await runNow(run);
    const path = `/api/v1/builds/${build}/revoke`;
    await problemOf(await postJson(path, { reason: "x" }, bearer(party)), 403);
    await problemOf(await postJson(path, { reason: "a\nb" }, bearer(env.MEDIATOR_TOKEN)), 422);
    const response = await postJson(path, { reason: "Built from the wrong commit." }, bearer(await ownToken()));
    expect(response.status).toBe(200);
    await postJson(path, { reason: "again" }, bearer(env.MEDIATOR_TOKEN));
    const view = await jsonOf<BuildView>(await call(`/api/v1/builds/${build}`));
    expect(view.revoked).toMatchObject({ actor: "vendor:parley", reason: "Built from the wrong commit." });
    expect(view.runs).toMatchObject([{ standing: "revoked" }]);
    for (const badge of ["/badge/parley/quick.svg", `/badge/build/${build}.svg`])
      expect(await (await call(badge)).text()).toContain("revoked");
    expect(await jsonOf(await call("/badge/parley/quick.json"))).toMatchObject({ isError: true });
    expect((await jsonOf<Matrix>(await call("/api/v1/matrix"))).rows[0]).toMatchObject({ standing: "revoked" });
    const after = await runNow(run);
    expect({ ...after, standing: null }).toEqual({ ...before, standing: null });
    for (const statement of ["UPDATE revocations SET reason = 'x'", "DELETE FROM revocations"])
      await expect(env.DB.prepare(statement).run()).rejects.toThrow(/revocations:/);
  });
});
