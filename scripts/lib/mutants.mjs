// Known-bad builds: a reference build with one half compiled from edited sources, and its manifest under the mutant's name.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./asc.mjs";
import { writeIfChanged } from "./suite.mjs";
import { halfJob } from "./targets.mjs";

const folder = "conformance/mutants";

/** @returns {{name: string, base: string, half: string, edits: {file: string, find: string, replace: string}[], title: string, source: string, clauses: string[]}[]} */
export function mutants() {
  if (!existsSync(join(root, folder))) return [];
  const names = readdirSync(join(root, folder)).filter((name) => existsSync(join(root, folder, name, "mutant.json")));
  return names
    .sort()
    .map((name) => ({ ...JSON.parse(readFileSync(join(root, folder, name, "mutant.json"), "utf8")), name }));
}

export function mutantJobs() {
  return mutants().map(({ name, base, half, edits }) =>
    halfJob(base, half, { name, out: `${folder}/${name}/build/${half}.wasm`, edits }),
  );
}

/** Puts the untouched half and the manifest beside the mutated half. */
export function completeMutants() {
  for (const { name, base, half } of mutants()) {
    const from = join(root, "conformance/backends", base, "build");
    const to = join(root, folder, name, "build");
    mkdirSync(to, { recursive: true });
    for (const other of ["guest", "host", "rom"])
      if (other !== half && existsSync(join(from, `${other}.wasm`)))
        copyFileSync(join(from, `${other}.wasm`), join(to, `${other}.wasm`));
    const manifest = { ...JSON.parse(readFileSync(join(from, "parley.json"), "utf8")), backend: name };
    writeIfChanged(`${folder}/${name}/build/parley.json`, Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
  }
}
