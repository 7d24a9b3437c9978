// Known-bad builds: a reference build with one half compiled from edited sources, and its manifest under the mutant's name.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readMutants } from "../../conformance/mutants/mutants.ts";
import { root } from "./asc.mjs";
import { readBytes, writeIfChanged } from "./suite.mjs";
import { halfJob } from "./targets.mjs";

const folder = "conformance/mutants";

/** @param {(mutant: {name: string}) => boolean} isWanted */
export function mutantJobs(isWanted) {
  const wanted = readMutants().filter(isWanted);
  return wanted.map(({ name, base, half, edits }) =>
    halfJob(base, half, { name, out: `${folder}/${name}/build/${half}.wasm`, edits }),
  );
}

/** Puts the untouched halves and the manifest beside the mutated half. */
export function completeMutants(isWanted) {
  for (const { name, base, half } of readMutants().filter(isWanted)) {
    const from = `conformance/backends/${base}/build`;
    const to = `${folder}/${name}/build`;
    for (const other of ["guest", "host", "rom"])
      if (other !== half && existsSync(join(root, from, `${other}.wasm`)))
        writeIfChanged(`${to}/${other}.wasm`, readBytes(`${from}/${other}.wasm`));
    const manifest = { ...JSON.parse(readFileSync(join(root, from, "parley.json"), "utf8")), backend: name };
    writeIfChanged(`${to}/parley.json`, Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
  }
}
