// From intake to verdict: one reference build beyond its own CPU time, and fifty small builds at once.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../lib/toolchain.mjs";
import { bearer, buildForm, call, submit, waitForRun } from "../../start/api.mjs";

const VERDICT_BOUND_MS = 2_000;
const SMALL_BUILDS = 50;
const VENDOR = "bench";

export async function submissions(url) {
  const vendor = await call(url, "/api/v1/vendors", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ slug: VENDOR, name: "Bench" }),
  });
  const token = vendor.token.value;
  return [await verdict(url, token), await many(url, token)];
}

/** A reference build's manifest under the bench's own name. */
function manifestOf(folder, changes) {
  const manifest = JSON.parse(readFileSync(join(folder, "parley.json"), "utf8"));
  return JSON.stringify({ ...manifest, vendor: VENDOR, shares: ["parley"], ...changes });
}

async function verdict(url, token) {
  const folder = join(root, "conformance/backends/kvm/build");
  const text = manifestOf(folder, {});
  const cpu_ms = await cpuOf(folder, text);
  const began = performance.now();
  const { run } = await submit(url, token, folder, text);
  await waitForRun(url, run.id);
  const whole_ms = performance.now() - began;
  return {
    figure: "intake to verdict of a reference build, beyond its CPU time",
    value: Math.max(0, whole_ms - cpu_ms),
    bound: VERDICT_BOUND_MS,
    unit: "ms",
    how: `kvm: ${Math.round(whole_ms)} ms from the request to the published run; ${Math.round(cpu_ms)} ms of CPU for the same units in Node`,
  };
}

/** CPU time of all units of a build, in this process. */
async function cpuOf(folder, manifestText) {
  const { createVm, inspectBuild, openSuite, planShards, runShard } = await import(
    "../../../conformance/runner/index.ts"
  );
  const bytes = (path) => new Uint8Array(readFileSync(join(root, path)));
  const suite = await openSuite(bytes("conformance/build/suite.bin"));
  const vm = await createVm(await WebAssembly.compile(bytes("wasm-core/build/core.wasm")));
  const part = (name) =>
    existsSync(join(folder, name)) ? new Uint8Array(readFileSync(join(folder, name))) : undefined;
  const manifest = new TextEncoder().encode(manifestText);
  const inspection = await inspectBuild(vm, suite, { manifest, guest: part("guest.wasm"), host: part("host.wasm") });
  if (!inspection.ok) throw new Error(`the reference build is refused: ${inspection.problems[0]?.detail}`);
  const before = process.cpuUsage();
  for (const shard of planShards(suite, inspection.build)) await runShard(vm, suite, inspection.build, shard);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

async function many(url, token) {
  const { hostileGuest, GUEST_PAGES_MAX } = await import("../../../e2e/lib/hostile.ts");
  const folder = join(root, "conformance/backends/native/build");
  const { needs } = JSON.parse(manifestOf(folder, {}));
  // It traps at boot, so that its run is over at once: what is measured is the way through the registry.
  const guest = new Blob([hostileGuest("trap", "half_init")], { type: "application/wasm" });
  const began = performance.now();
  const small = async (index) => {
    const changes = { backend: `small-${index}`, needs: { ...needs, guest_memory_pages: GUEST_PAGES_MAX } };
    const body = buildForm(folder, manifestOf(folder, changes));
    body.set("guest", guest, "guest.wasm");
    const { run } = await call(url, "/api/v1/builds", { method: "POST", headers: bearer(token), body });
    return waitForRun(url, run.id, { timeout_ms: 180_000 });
  };
  const runs = await Promise.all(Array.from({ length: SMALL_BUILDS }, (_, index) => small(index)));
  const published = runs.filter(({ state }) => state === "published").length;
  if (published !== SMALL_BUILDS) throw new Error(`${published} of ${SMALL_BUILDS} small builds were published`);
  return {
    figure: `${SMALL_BUILDS} small builds submitted at once, all finished after`,
    value: performance.now() - began,
    unit: "ms",
    how: "each has its own backend; 50 clients submit at once, then follow their runs",
  };
}
