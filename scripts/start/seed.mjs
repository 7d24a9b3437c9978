// Fills a local registry through its own HTTP API: vendor `parley` with the reference builds, vendor `demo` with nothing yet.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { backendNames } from "../lib/targets.mjs";
import { root } from "../lib/toolchain.mjs";
import { bearer, call, isFinal, submit, waitForRun } from "./api.mjs";

/** What the printed curl line submits: a known-bad build, because a failing report shows what this is for. */
export const demo = { vendor: "demo", backend: "kvm-no-remote-flush" };
const demoFolder = ".wrangler/demo";

/**
 * Registers both vendors, submits each reference build that the registry does not have yet, and waits for their runs.
 * @param {(line: string) => void} say
 * @returns {Promise<{vendor: string, token: string, folder: string}>} what the printed curl line needs
 */
export async function seed({ url, stateFolder }, { mediatorToken }, say) {
  const path = join(stateFolder, "parley-tokens.json");
  const tokens = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
  for (const vendor of ["parley", demo.vendor]) {
    if (tokens[vendor]) continue;
    tokens[vendor] = await register(url, mediatorToken, vendor).catch((error) => {
      if (error.status !== 409) throw error;
      throw new Error(
        `vendor ${vendor} exists, but its token is not in ${path}; delete ${stateFolder} to begin afresh`,
      );
    });
    writeFileSync(path, JSON.stringify(tokens, null, 2), { mode: 0o600 });
  }
  const runs = [];
  for (const name of backendNames()) runs.push({ name, run: await runOf(url, tokens.parley, name, say) });
  for (const { name, run } of runs) await follow(url, name, run, say);
  writeDemo();
  return { vendor: demo.vendor, token: tokens[demo.vendor], folder: demoFolder };
}

async function register(url, mediatorToken, slug) {
  const names = { parley: "Parley reference builds", demo: "Demo vendor" };
  const answer = await call(url, "/api/v1/vendors", {
    method: "POST",
    headers: { ...bearer(mediatorToken), "content-type": "application/json" },
    body: JSON.stringify({ slug, name: names[slug] }),
  });
  return answer.token.value;
}

/** The run of a reference build on the current suite: the one the registry has, else a new one. */
async function runOf(url, token, name, say) {
  const folder = join(root, "conformance/backends", name, "build");
  const digest = await digestOfFolder(folder);
  const [matrix, build] = await Promise.all([
    call(url, "/api/v1/matrix"),
    call(url, `/api/v1/builds/${digest}`).catch((error) => (error.status === 404 ? null : Promise.reject(error))),
  ]);
  const kept = build?.runs.find((run) => run.suite.digest === matrix.suite.digest);
  if (kept) return kept;
  const { run } = await submit(url, token, folder);
  say(`submitted ${name}: ${url}/runs/${run.id}`);
  return { id: run.id, state: "queued" };
}

/** Digest of the build in a folder, as the registry will name it. */
async function digestOfFolder(folder) {
  const { buildDigest, partDigests } = await import("../../conformance/runner/build.ts");
  const part = (file) => (existsSync(join(folder, file)) ? readFileSync(join(folder, file)) : undefined);
  const [manifest, guest, host, rom] = ["parley.json", "guest.wasm", "host.wasm", "rom.wasm"].map(part);
  return buildDigest(await partDigests({ manifest, guest, host, rom }));
}

async function follow(url, name, run, say) {
  if (isFinal(run.state)) return say(`${name} is here already: run ${run.id} ${run.state}`);
  let shown = "";
  const view = await waitForRun(url, run.id, {
    onProgress: ({ state, progress }) => {
      const line = `${name} ${state}: ${progress.shardsDone} of ${progress.shards} shards`;
      if (line !== shown) say(line);
      shown = line;
    },
  });
  if (view.state !== "published")
    throw new Error(`the run of ${name} ended as ${view.state}: ${view.reason}; see ${url}/runs/${run.id}`);
  const { core, conforms } = view.summary;
  say(`${name} ${conforms ? "conforms" : "does not conform"}: ${core.held} of ${core.of} core clauses held`);
}

/** The known-bad build under the demo vendor's name: intake refuses a manifest of another vendor. */
function writeDemo() {
  const source = join(root, "conformance/mutants", demo.backend, "build");
  const target = join(root, demoFolder);
  mkdirSync(target, { recursive: true });
  for (const half of ["guest.wasm", "host.wasm"]) cpSync(join(source, half), join(target, half));
  const manifest = JSON.parse(readFileSync(join(source, "parley.json"), "utf8"));
  writeFileSync(join(target, "parley.json"), JSON.stringify({ ...manifest, ...demo, shares: ["parley"] }, null, 2));
}
