// Reads what a suite is made of from the tree and writes conformance/build/suite.bin. Runs on the Node that strips types.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { clauses, ops, pvi } from "../../conformance/interface/catalogue.ts";
import { readManifest } from "../../conformance/interface/manifest.ts";
import { packSuite } from "../../conformance/runner/pack.ts";
import { budgets, constants } from "../../conformance/runner/suite-constants.ts";
import { root } from "./asc.mjs";
import { backendNames } from "./targets.mjs";

export const suitePath = "conformance/build/suite.bin";

/** Packs the built modules; returns the bytes. The same sources give the same bytes. */
export async function makeSuite() {
  return packSuite({
    pvi,
    ops: ops.map(({ id, summary, params, result, tiers, native, clauses }) => ({
      id,
      summary,
      params: params.map(({ name, type }) => ({ name, type })),
      result,
      tiers,
      native,
      clauses: clauses.map((clause) => `${id}.${clause.n}`),
    })),
    clauses: clauses.map(({ id, op, text, source }) => ({ id, op, text, source })),
    core: readBytes("wasm-core/build/core.wasm"),
    kernel: readBytes("conformance/kernel/build/kernel.wasm"),
    native: readBytes("conformance/backends/native/build/guest.wasm"),
    peers: backendNames()
      .map(readPeer)
      .filter((peer) => peer.manifest.abi !== null),
    budgets,
    constants,
  });
}

/** Writes a file only if its bytes differ, in one step; returns whether it wrote. */
export function writeIfChanged(path, bytes) {
  const target = join(root, path);
  if (existsSync(target) && Buffer.compare(readFileSync(target), bytes) === 0) return false;
  mkdirSync(dirname(target), { recursive: true });
  const partial = `${target}.${process.pid}.partial`;
  writeFileSync(partial, bytes);
  renameSync(partial, target);
  return true;
}

export function readBytes(path) {
  return new Uint8Array(readFileSync(join(root, path)));
}

/** A reference build whose halves others can meet. */
function readPeer(name) {
  const folder = `conformance/backends/${name}/build`;
  const manifestBytes = readBytes(`${folder}/parley.json`);
  const read = readManifest(JSON.parse(new TextDecoder().decode(manifestBytes)));
  if (!read.ok)
    throw new Error(
      `${folder}/parley.json: ${read.problems.map((problem) => `${problem.pointer} ${problem.message}`).join("; ")}`,
    );
  const part = (half) => (existsSync(join(root, folder, `${half}.wasm`)) ? readBytes(`${folder}/${half}.wasm`) : null);
  return { name, manifest: read.manifest, manifestBytes, guest: part("guest"), host: part("host"), rom: part("rom") };
}
