// docs/costs.md: what the scenarios cost on the reference builds of the tree, measured when the suite has changed.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./asc.mjs";
import { suitePath, writeIfChanged } from "./suite.mjs";

export const costsPath = "docs/costs.md";
/** In the order of the columns. */
const builds = ["native", "fullvirt", "kvm"];
const PREFIX = "cost-";

/** What the page was last made from. */
const keyPath = "conformance/build/costs.key";

/** Measures and writes the page if what it is made from has changed; returns whether the page changed. */
export async function writeCosts() {
  const key = `${sourceDigest()}\n`;
  const known = [keyPath, costsPath].every((path) => existsSync(join(root, path)));
  if (known && readFileSync(join(root, keyPath), "utf8") === key) return false;
  const { costsPage } = await import("../../conformance/interface/costs-page.ts");
  const changed = writeIfChanged(costsPath, Buffer.from(costsPage(await measure())));
  writeIfChanged(keyPath, Buffer.from(key));
  return changed;
}

/** Of the suite, the halves and the sources of the page. */
function sourceDigest() {
  const halves = builds.flatMap((name) =>
    ["guest", "host"].map((part) => `conformance/backends/${name}/build/${part}.wasm`),
  );
  const sources = ["conformance/interface/costs.ts", "conformance/interface/costs-page.ts", suitePath, ...halves];
  const hash = createHash("sha256");
  for (const path of sources) if (existsSync(join(root, path))) hash.update(readFileSync(join(root, path)));
  return hash.digest("hex");
}

/** Counters by build, scenario and scope. */
export async function measure() {
  const { createVm, inspectBuild, openSuite } = await import("../../conformance/runner/index.ts");
  const { runScenarios } = await import("../../conformance/runner/scenarios.ts");
  const { readParts } = await import("../../conformance/runner/testing/builds.ts");
  const vm = await createVm(await WebAssembly.compile(readFileSync(join(root, "wasm-core/build/core.wasm"))));
  const suite = await openSuite(new Uint8Array(readFileSync(join(root, suitePath))));
  const measured = [];
  for (const name of builds) {
    const inspection = await inspectBuild(vm, suite, readParts(join(root, "conformance/backends", name, "build")));
    if (!inspection.ok) throw new Error(`${name} was refused: ${JSON.stringify(inspection.problems)}`);
    const list = await runScenarios(vm, suite, inspection.build);
    const bad = list.find(({ end }) => end !== "ok");
    if (bad) throw new Error(`scenario ${bad.id} of ${name} ended as ${bad.end}: nothing was counted`);
    const own = list.filter(({ peer }) => peer === "own");
    measured.push({
      name,
      scenarios: Object.fromEntries(
        own.map(({ id, scopes }) => [id.slice(PREFIX.length), scopes.map(({ counters }) => counters)]),
      ),
    });
  }
  return measured;
}
