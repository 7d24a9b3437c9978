import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { RunView } from "../../worker/registry/views.ts";
import { root } from "./registry.ts";

/** Parts of a build as the API takes them; the manifest is an object so that a test can change it. */
export interface Parts {
  manifest: Record<string, unknown>;
  /** Sent instead of the object. */
  manifestText?: string;
  guest?: Uint8Array;
  host?: Uint8Array;
}

/** A build folder of the project, under the demo vendor's name. */
export function demoParts(folder: string, changes: Record<string, unknown> = {}): Parts {
  const { manifestText = "", ...parts } = folderParts(folder);
  return { ...parts, manifest: { ...JSON.parse(manifestText), vendor: "demo", ...changes } };
}

/** A build folder of the project as it is, byte for byte. */
export function folderParts(folder: string): Parts {
  const at = join(root, folder);
  const manifestText = readFileSync(join(at, "parley.json"), "utf8");
  const parts: Parts = { manifest: JSON.parse(manifestText), manifestText };
  for (const half of ["guest", "host"] as const) {
    const path = join(at, `${half}.wasm`);
    if (existsSync(path)) parts[half] = readFileSync(path);
  }
  return parts;
}

export function submit(url: string, token: string, parts: Parts): Promise<Response> {
  const form = new FormData();
  form.set(
    "manifest",
    new Blob([parts.manifestText ?? JSON.stringify(parts.manifest)], { type: "application/json" }),
    "parley.json",
  );
  for (const half of ["guest", "host"] as const) {
    const bytes = parts[half];
    if (bytes) form.set(half, new Blob([new Uint8Array(bytes)], { type: "application/wasm" }), `${half}.wasm`);
  }
  return fetch(`${url}/api/v1/builds`, { method: "POST", headers: { authorization: `Bearer ${token}` }, body: form });
}

export interface Accepted {
  build: { digest: string };
  run: { id: string; url: string };
}

/** Submits and expects 202. */
export async function accepted(url: string, token: string, parts: Parts): Promise<Accepted> {
  const answer = await submit(url, token, parts);
  const text = await answer.text();
  if (answer.status !== 202) throw new Error(`submitting answered ${answer.status}: ${text}`);
  return JSON.parse(text);
}

export async function runView(url: string, id: string): Promise<RunView> {
  const answer = await fetch(`${url}/api/v1/runs/${id}`);
  if (!answer.ok) throw new Error(`run ${id} answered ${answer.status}`);
  return (await answer.json()) as RunView;
}

const finals = new Set(["published", "abandoned", "cancelled"]);

/**
 * Follows a run to its end by its server-sent events: shards give way to every request, so that polling would slow the run.
 * `timeout_ms` is generous because two cores may be busy.
 */
export async function finished(url: string, id: string, timeout_ms = 45_000): Promise<RunView> {
  const answer = await fetch(`${url}/api/v1/runs/${id}/live`, { signal: AbortSignal.timeout(timeout_ms) });
  if (!answer.ok) throw new Error(`following run ${id} answered ${answer.status}`);
  const events = await answer.text();
  const view = await runView(url, id);
  if (!finals.has(view.state)) throw new Error(`run ${id} is ${view.state}, but its events ended:\n${events}`);
  return view;
}
