// Artefacts are read anew from GitHub's API, by the numeric id of the registered repository; the event says only where to look.
import type { BuildParts } from "../../conformance/runner/index.ts";
import type { Env } from "../env.ts";
import { GITHUB_BODY_MAX_BYTES, GITHUB_PULL_MS, PART_SIZE_MAX_BYTES, ZIP_MAX_BYTES } from "../limits.ts";
import { fetchFollowing } from "../outbound.ts";
import { readZip } from "./zip.ts";

/** File name of an artefact → part of a build. */
const FILES = { "parley.json": "manifest", "guest.wasm": "guest", "host.wasm": "host", "rom.wasm": "rom" } as const;
type FileName = keyof typeof FILES;

/** Name of the workflow artefact that holds these files. */
const ARTIFACT = "parley-build";

export interface Hint {
  kind: "release" | "workflow_run";
  id: number;
}

/** What GitHub has does not hold a build, or not one that may be taken. */
export class PullError extends Error {
  override readonly name = "PullError";
}

/** @throws PullError, OutboundError, ZipError */
export async function pull(env: Env, repositoryId: string, { kind, id }: Hint): Promise<BuildParts> {
  const get = getter(env, repositoryId);
  return kind === "release" ? fromRelease(get, id) : fromRun(get, id, repositoryId);
}

type Get = (path: string, maxBytes?: number, accept?: string) => Promise<Uint8Array<ArrayBuffer>>;

/** One time cap over all that one event makes us fetch. */
function getter(env: Env, repositoryId: string): Get {
  const base = `${env.GITHUB_API ?? "https://api.github.com"}/repositories/${repositoryId}`;
  const signal = AbortSignal.timeout(GITHUB_PULL_MS);
  const token: Record<string, string> = env.GITHUB_TOKEN ? { Authorization: `Bearer ${env.GITHUB_TOKEN}` } : {};
  return (path, maxBytes = GITHUB_BODY_MAX_BYTES, accept = "application/vnd.github+json") =>
    fetchFollowing(`${base}${path}`, maxBytes, { headers: { Accept: accept, ...token }, signal });
}

async function fromRelease(get: Get, id: number): Promise<BuildParts> {
  const release = json<{ draft?: boolean; assets?: { id: number; name: string }[] }>(await get(`/releases/${id}`));
  if (release.draft !== false) throw new PullError(`Release ${id} is a draft.`);
  const files = new Map<string, Uint8Array>();
  for (const { id: asset, name } of release.assets ?? []) {
    if (!isFile(name)) continue;
    const path = `/releases/assets/${Number(asset)}`;
    files.set(name, await get(path, PART_SIZE_MAX_BYTES[FILES[name]], "application/octet-stream"));
  }
  return partsOf(files, `Release ${id}`);
}

async function fromRun(get: Get, id: number, repositoryId: string): Promise<BuildParts> {
  const run = json<{ conclusion?: string; event?: string; head_repository?: { id?: number } }>(
    await get(`/actions/runs/${id}`),
  );
  if (run.conclusion !== "success") throw new PullError(`Workflow run ${id} did not succeed.`);
  // A fork's pull request runs in the registered repository too, with the fork's files.
  if (String(run.head_repository?.id) !== repositoryId || run.event?.startsWith("pull_request")) {
    throw new PullError(`Workflow run ${id} is of a pull request or of another repository's commit.`);
  }
  const listed = json<{ artifacts?: { id: number; name: string; expired: boolean }[] }>(
    await get(`/actions/runs/${id}/artifacts?name=${ARTIFACT}`),
  );
  const artifact = listed.artifacts?.find(({ name, expired }) => name === ARTIFACT && expired === false);
  if (!artifact) throw new PullError(`Workflow run ${id} has no artefact "${ARTIFACT}", or it has expired.`);
  const zip = await get(`/actions/artifacts/${Number(artifact.id)}/zip`, ZIP_MAX_BYTES);
  const limits = Object.fromEntries(Object.entries(FILES).map(([file, part]) => [file, PART_SIZE_MAX_BYTES[part]]));
  return partsOf(await readZip(zip, limits), `Artefact "${ARTIFACT}" of workflow run ${id}`);
}

function partsOf(files: ReadonlyMap<string, Uint8Array>, where: string): BuildParts {
  if (!files.has("parley.json")) throw new PullError(`${where} has no parley.json.`);
  const parts: BuildParts = { manifest: null };
  for (const [file, part] of Object.entries(FILES)) {
    const bytes = files.get(file);
    if (bytes) parts[part] = bytes;
  }
  return parts;
}

function isFile(name: string): name is FileName {
  return Object.hasOwn(FILES, name);
}

function json<T>(bytes: Uint8Array): T {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as T;
  } catch {
    throw new PullError("GitHub's API answered with something that is not JSON.");
  }
}
