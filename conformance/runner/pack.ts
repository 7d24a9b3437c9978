/** Makes suite.bin out of the interface, the kernel, the native half and the reference peers. */

import { buildDigest } from "./build.ts";
import { type KernelCases, readCases } from "./cases.ts";
import { digestOf } from "./digest.ts";
import { RunnerError } from "./errors.ts";
import { JUDGE_VERSION } from "./judge.ts";
import { encodeSuite, type SuiteIndex } from "./suite-format.ts";
import type {
  Budgets,
  Digest,
  MachineConstants,
  Manifest,
  SuiteClause,
  SuiteOp,
  SuitePeer,
  SuiteVariant,
} from "./types.ts";

export interface PeerParts {
  name: string;
  manifest: Manifest;
  manifestBytes: Uint8Array;
  guest: Uint8Array | null;
  host: Uint8Array | null;
  rom: Uint8Array | null;
}

export interface VariantParts {
  name: string;
  peer: string;
  half: "guest" | "host";
  title: string;
  freedom: string;
  module: Uint8Array;
  /** Features that the host half must not offer: a bitmap, decimal. */
  withheld?: string;
  /** Ops, or single clauses, it is hostile about: the cases that claim one of the clauses are run with it. */
  ops: string[];
}

export interface SuiteParts {
  pvi: string;
  ops: SuiteOp[];
  clauses: SuiteClause[];
  core: Uint8Array;
  kernel: Uint8Array;
  native: Uint8Array;
  peers: PeerParts[];
  variants: VariantParts[];
  budgets: Budgets;
  constants: MachineConstants;
}

/** @throws RunnerError "suite-inconsistent" if kernel and interface do not name the same things */
export async function packSuite(parts: SuiteParts): Promise<Uint8Array<ArrayBuffer>> {
  const kernelCases = readCases(parts.kernel);
  checkNames(parts, kernelCases);
  const blobs = new Map<Digest, Uint8Array>();
  const keep = async (bytes: Uint8Array | null): Promise<Digest | null> => {
    if (!bytes) return null;
    const digest = await digestOf(bytes);
    blobs.set(digest, bytes);
    return digest;
  };
  const kernel = (await keep(parts.kernel)) as Digest;
  const native = (await keep(parts.native)) as Digest;
  const peers: SuitePeer[] = [];
  for (const peer of parts.peers) {
    const digests = { guest: await keep(peer.guest), host: await keep(peer.host), rom: await keep(peer.rom) };
    const build = await buildDigest({ manifest: await digestOf(peer.manifestBytes), ...digests });
    peers.push({ name: peer.name, manifest: peer.manifest, build, ...digests });
  }
  const variants: SuiteVariant[] = [];
  for (const { module, ops: about, ...variant } of parts.variants)
    variants.push({
      ...variant,
      module: (await keep(module)) as Digest,
      cases: casesMet(parts, kernelCases, variant.half, about),
    });
  const index: SuiteIndex = {
    pvi: parts.pvi,
    judge: JUDGE_VERSION,
    core: await digestOf(parts.core),
    kernel,
    native,
    ops: parts.ops,
    clauses: parts.clauses,
    cases: kernelCases.cases,
    clauseNumbers: kernelCases.clauseNumbers,
    peers,
    variants,
    budgets: parts.budgets,
    constants: parts.constants,
    blobs: [...blobs].map(([digest, bytes]) => ({ digest, size_bytes: bytes.length })),
  };
  return encodeSuite(index, [...blobs.values()]);
}

/** A hostile host meets the ordinary cases, a hostile guest those that are written for one. */
function casesMet(parts: SuiteParts, kernel: KernelCases, half: "guest" | "host", about: string[]): string[] {
  const clauses = new Set(
    parts.clauses.filter(({ id, op }) => about.includes(op) || about.includes(id)).map((clause) => clause.id),
  );
  return kernel.cases
    .filter((item) => item.peers === (half === "host" ? "all" : "hostile"))
    .filter((item) => item.clauses.some((id) => clauses.has(id)))
    .map((item) => item.id);
}

function checkNames(parts: SuiteParts, kernel: KernelCases): void {
  const known = new Set(parts.clauses.map((clause) => clause.id));
  const tested = new Set(kernel.cases.flatMap((item) => item.clauses));
  const unknown = kernel.clauseNumbers.filter((id) => !known.has(id));
  if (unknown.length > 0) throw inconsistent(`the kernel names clauses the interface lacks: ${unknown.join(", ")}`);
  const untested = [...known].filter((id) => !tested.has(id));
  if (untested.length > 0) throw inconsistent(`no case claims ${untested.join(", ")}`);
  if (kernel.pvi !== parts.pvi)
    throw inconsistent(`the kernel is for PVI ${kernel.pvi}, the interface is ${parts.pvi}`);
  const ids = parts.ops.map((op) => op.id).join(" ");
  if (kernel.opNames.join(" ") !== ids)
    throw inconsistent("the kernel numbers the ops in another order than the interface");
}

function inconsistent(why: string): RunnerError {
  return new RunnerError(
    "suite-inconsistent",
    `The suite cannot be packed: ${why}. Correct conformance/interface or conformance/kernel.`,
  );
}
