import { env } from "cloudflare:test";
import { quickParts } from "./builds.ts";
import { deliver, heldQueue, submitBuild } from "./pipeline.ts";
import { bearer, jsonOf, postJson, registerVendor } from "./requests.ts";

/** Vendor `parley` with one of everything that has an address, and what belongs in each path parameter of the API. */
export interface Objects {
  token: string;
  /** `/api/v1/hooks/{id}` → the id: by the path up to its first parameter. */
  byPath: Readonly<Record<string, string>>;
}

const publisher = {
  backend: "quick",
  ownerId: "1001",
  repositoryId: "2002",
  repository: "parley/quick",
  workflow: "parley.yml",
};
const key = {
  publicKey: btoa("k".repeat(32)),
  notBefore: "2026-01-01T00:00:00Z",
  notAfter: "2030-01-01T00:00:00Z",
};

export async function makeObjects(): Promise<Objects> {
  const token = await registerVendor("parley");
  const as = bearer(token);
  const { hook } = await jsonOf<{ hook: { id: string } }>(await postJson("/api/v1/hooks", { kind: "ci" }, as));
  const made = await jsonOf<{ token: { id: string } }>(await postJson("/api/v1/tokens", { scopes: ["submit"] }, as));
  const published = await jsonOf<{ publisher: { id: string } }>(await postJson("/api/v1/publishers", publisher, as));
  const keyed = await jsonOf<{ key: { id: string } }>(await postJson("/api/v1/keys", key, as));
  const held = heldQueue();
  const { run, build } = await submitBuild(held.env, quickParts());
  await deliver(held.env, held.messages);
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO reproductions (id, run, build, suite, vendor, seed, state, state_at, state_actor, issued_at, expires_at)
       SELECT 'R', id, build, suite, 'parley', 'seed', 'issued', 1, 'vendor:parley', 1, 4e12 FROM runs`,
    ),
    env.DB.prepare(
      `INSERT INTO disputes (id, run, build, suite, reproduction, claimant, claim, opened_at, state, state_at, state_actor)
       SELECT 'D', id, build, suite, 'R', 'vendor:x', 'differs', 1, 'open', 1, 'registry' FROM runs`,
    ),
  ]);
  const report = await env.DB.prepare("SELECT report_digest FROM runs").first<string>("report_digest");
  return {
    token,
    byPath: {
      "/api/v1/vendors/": "parley",
      "/api/v1/ops/": "irq.disable",
      "/api/v1/reports/": report ?? "",
      "/api/v1/backends/": "parley",
      "/api/v1/hooks/": hook.id,
      "/api/v1/tokens/": made.token.id,
      "/api/v1/publishers/": published.publisher.id,
      "/api/v1/keys/": keyed.key.id,
      "/api/v1/runs/": run.id,
      "/api/v1/builds/": build.digest,
      "/api/v1/reproductions/": "R",
      "/api/v1/disputes/": "D",
    },
  };
}

/** A path of the API with its parameters filled in. @throws Error if there is nothing for one: add it above */
export function filled(path: string, { byPath }: Objects): string {
  const at = path.indexOf("{");
  if (at < 0) return path;
  const value = byPath[path.slice(0, at)];
  if (value === undefined) throw new Error(`There is no object for ${path}: make one in worker/test/objects.ts.`);
  return path.replace(/\{\w+\}/, value).replace("{backend}", "quick");
}
