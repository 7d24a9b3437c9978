import { env } from "cloudflare:test";
import { expect } from "vitest";
import type { BuildParts } from "../../conformance/runner/types.ts";
import type { Env, ShardMessage } from "../env.ts";
import { type Accepted, submit } from "../intake/submit.ts";
import { consumeShard } from "../pipeline/run-shard.ts";
import { readRun } from "../registry/read-run.ts";
import type { RunView } from "../registry/views.ts";
import { quickParts } from "./builds.ts";
import { registerVendor } from "./requests.ts";

export const T0 = Date.parse("2026-11-22T09:30:00Z");

const END_MAX_MS = 50_000;
const POLL_MS = 25;

/** The real bindings, but with a queue that only remembers: the test decides what arrives, when, and how often. */
export function heldQueue(bindings: Env = env): { env: Env; messages: ShardMessage[] } {
  const messages: ShardMessage[] = [];
  const sendBatch = async (batch: Iterable<{ body: ShardMessage }>) => {
    for (const { body } of batch) messages.push(body);
  };
  return { env: { ...bindings, SHARDS: { sendBatch } as unknown as Env["SHARDS"] }, messages };
}

export async function submitBuild(bindings: Env, parts: BuildParts = quickParts(), at = T0): Promise<Accepted> {
  const known = await env.DB.prepare("SELECT 1 FROM vendors").first();
  if (!known) await registerVendor("parley");
  return submit(bindings, { parts, vendor: "parley", provenance: "token", address: "address:test" }, at);
}

export async function deliver(bindings: Env, messages: readonly ShardMessage[]): Promise<void> {
  for (const message of messages) await consumeShard(bindings, message);
}

/** The run as it is, which must exist. */
export async function runNow(id: string): Promise<RunView> {
  const run = await readRun(env, id);
  if (!run) throw new Error(`Run ${id} is gone.`);
  return run;
}

/** Published, once, with every event in order and nothing missing. */
export async function expectPublished(id: string): Promise<RunView> {
  const run = await runNow(id);
  expect(run.state, run.reason ?? "").toBe("published");
  const way = ["received", "queued", "running", "merging", "judging", "published"].map((state) => `run.${state}`);
  expect(run.events.map((event) => event.type)).toEqual(way);
  expect(run.progress.shardsDone).toBe(run.progress.shards);
  expect(run.ops?.length).toBeGreaterThan(0);
  const shown = await env.DB.prepare("SELECT count(*) AS n FROM backends WHERE current_run = ?")
    .bind(id)
    .first<{ n: number }>();
  expect(shown?.n).toBe(1);
  return run;
}

/** Waits until the run is final. It looks at the record, because shards give way to every request that an API gets. */
export async function waitForRun(id: string): Promise<RunView> {
  const deadline = Date.now() + END_MAX_MS;
  while (Date.now() < deadline) {
    const row = await env.DB.prepare("SELECT next_at FROM runs WHERE id = ?")
      .bind(id)
      .first<{ next_at: number | null }>();
    if (row?.next_at === null) return runNow(id);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`Run ${id} does not end.`);
}
