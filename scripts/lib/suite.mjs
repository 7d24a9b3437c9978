// Reads what a suite is made of from the tree and writes conformance/build/suite.bin. Runs on the Node that strips types.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { clauses, ops, pvi } from "../../conformance/interface/catalogue.ts";
import { readManifest } from "../../conformance/interface/manifest.ts";
import { packSuite } from "../../conformance/runner/pack.ts";
import { budgets, constants } from "../../conformance/runner/suite-constants.ts";
import { root } from "./asc.mjs";
import { backendNames } from "./targets.mjs";
import { readVariants } from "./variants.mjs";

export const suitePath = "conformance/build/suite.bin";

/**
 * Packs the built modules; returns the bytes. The same sources give the same bytes.
 * @param {(path: string) => Uint8Array} [read] file by path relative to the project root
 */
export async function makeSuite(read = readBytes) {
  return packSuite({
    pvi,
    ops: ops.map(({ id, summary, params, result, tiers, native, rule, clauses }) => ({
      id,
      summary,
      params: params.map(({ name, type }) => ({ name, type })),
      result,
      tiers,
      native,
      ...(rule ? { rule } : {}),
      clauses: clauses.map((clause) => `${id}.${clause.n}`),
    })),
    clauses: clauses.map(({ id, op, text, source }) => ({ id, op, text, source })),
    core: read("wasm-core/build/core.wasm"),
    kernel: read("conformance/kernel/build/kernel.wasm"),
    native: read("conformance/backends/native/build/guest.wasm"),
    peers: backendNames()
      .map((name) => readPeer(name, read))
      .filter((peer) => peer.manifest.abi !== null),
    variants: readVariants(read),
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
function readPeer(name, read) {
  const folder = `conformance/backends/${name}/build`;
  const manifestBytes = read(`${folder}/parley.json`);
  const checked = readManifest(JSON.parse(new TextDecoder().decode(manifestBytes)));
  if (!checked.ok)
    throw new Error(
      `${folder}/parley.json: ${checked.problems.map((problem) => `${problem.pointer} ${problem.message}`).join("; ")}`,
    );
  const part = (half) => (existsSync(join(root, folder, `${half}.wasm`)) ? read(`${folder}/${half}.wasm`) : null);
  return {
    name,
    manifest: checked.manifest,
    manifestBytes,
    guest: part("guest"),
    host: part("host"),
    rom: part("rom"),
  };
}
