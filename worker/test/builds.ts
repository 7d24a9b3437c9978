import { env } from "cloudflare:test";
import type { BuildParts } from "../../conformance/runner/types.ts";
import { GUEST_PAGES_MAX, hostileGuest } from "../../e2e/lib/hostile.ts";
import { fromBase64, sha256Hex, toBase64 } from "../identity/encoding.ts";
import { bearer, ORIGIN } from "./requests.ts";

/** A build as vitest.config.ts hands it over. */
export interface EncodedBuild {
  name: string;
  kind: "reference" | "known-bad";
  /** Digest of the report that the runner gave in Node. */
  report: string;
  parts: { manifest: string; guest?: string; host?: string; rom?: string };
}

const names = ["manifest", "guest", "host", "rom"] as const;

export const builds = JSON.parse(env.BUILDS) as EncodedBuild[];

export function builtParts(name: string): BuildParts {
  const build = builds.find((entry) => entry.name === name);
  if (!build) throw new Error(`There is no build ${name}: run \`npm run build\`.`);
  const parts: BuildParts = { manifest: null };
  for (const part of names) {
    const text = build.parts[part];
    if (text !== undefined) parts[part] = fromBase64(text) as Uint8Array<ArrayBuffer>;
  }
  return parts;
}

/** The same halves under a changed manifest: another build. */
export function withManifest(parts: BuildParts, change: Record<string, unknown>): BuildParts {
  const manifest = JSON.parse(new TextDecoder().decode(parts.manifest ?? new Uint8Array())) as object;
  return { ...parts, manifest: new TextEncoder().encode(JSON.stringify({ ...manifest, ...change })) };
}

/** A build whose guest half fails at boot, so that its run is over at once: for tests of the pipeline, not of verdicts. */
export function quickParts(version = "1.0.0"): BuildParts {
  const native = builtParts("native");
  const { needs } = JSON.parse(new TextDecoder().decode(native.manifest ?? undefined)) as { needs: object };
  const change = { backend: "quick", version, needs: { ...needs, guest_memory_pages: GUEST_PAGES_MAX } };
  return { ...withManifest(native, change), guest: hostileGuest("trap", "half_init") };
}

export function formOf(parts: BuildParts): FormData {
  const form = new FormData();
  for (const part of names) {
    const bytes = parts[part];
    if (bytes) form.set(part, new Blob([bytes as Uint8Array<ArrayBuffer>]), part);
  }
  return form;
}

/** A multipart request with the length that a client states. */
export async function multipart(path: string, form: FormData, headers: Record<string, string> = {}): Promise<Request> {
  const whole = new Response(form);
  const body = await whole.arrayBuffer();
  const type = whole.headers.get("Content-Type") ?? "";
  return new Request(`${ORIGIN}${path}`, {
    method: "POST",
    body,
    headers: { "Content-Type": type, "Content-Length": String(body.byteLength), ...headers },
  });
}

export function buildRequest(parts: BuildParts, token: string): Promise<Request> {
  return multipart("/api/v1/builds", formOf(parts), bearer(token));
}

/** `data` of a CI message: every part with its digest. */
export async function inlineParts(parts: BuildParts): Promise<Record<string, { digest: string; base64: string }>> {
  const data: Record<string, { digest: string; base64: string }> = {};
  for (const part of names) {
    const bytes = parts[part] as Uint8Array<ArrayBuffer> | null | undefined;
    if (bytes) data[part] = { digest: `sha256:${await sha256Hex(bytes)}`, base64: toBase64(bytes) };
  }
  return data;
}
