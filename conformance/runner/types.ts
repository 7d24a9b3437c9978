/** The words of the runner: what a suite, a build, a unit, a shard and a report are. Everything here is plain JSON-able data. */
import type { Manifest } from "../interface/manifest.ts";

export type { Manifest };

/** Words of docs/architecture.md; from worst to best in `verdictsWorstFirst` (judge.ts). */
export type Verdict = "pass" | "fail" | "error" | "not-offered" | "not-run";
export type MachineKind = "native" | "enlightened" | "shadow" | "direct" | "fullvirt";
export type Profile = "native" | "enlightened" | "shadow" | "direct";
export type Tier = "core" | "optional" | "none";
export type PartName = "guest" | "host" | "rom";
/** "sha256:" and 64 lower-case hexadecimal digits. */
export type Digest = string;

/** One operation as the suite fixes it. */
export interface SuiteOp {
  id: string;
  summary: string;
  params: { name: string; type: string }[];
  result: string;
  tiers: Record<Profile, Tier>;
  /** Has a meaning on bare metal, so that falling through to native.wasm can satisfy it. */
  native: boolean;
  /** A rule that holds for all ops: graded like an op, exported by nobody. */
  rule?: boolean;
  clauses: string[];
}

export interface SuiteClause {
  id: string;
  op: string;
  text: string;
  source: string;
}

export interface CaseArrival {
  kind: "irq" | "nmi" | "migration";
  vector: number;
  vcpu: number;
  max: number;
}

/** One case of section `parley.cases`; `clauses`, `stuck` and `ops` are resolved to ids. */
export interface SuiteCase {
  id: string;
  index: number;
  title: string;
  clauses: string[];
  stuck: string | null;
  ops: string[];
  kinds: MachineKind[];
  features: string[];
  roles: { name: string; vcpu: number }[];
  mode: "sequential" | "explored";
  strategy: "rr" | "dfs" | "pct";
  /** Preemption bound of dfs, depth of pct. */
  bound: number;
  /** Most schedules one unit tries. */
  budget: number;
  slices: number;
  fine: boolean;
  evict: boolean;
  /** RDTSC may execute before loads that precede it. */
  early: boolean;
  steal: boolean;
  timeFree: boolean;
  arrivals: CaseArrival[];
  peers: "reference" | "hostile" | "all";
  /** What a scenario counts, by scope number; empty for a case. Scenarios claim no clause. */
  scopes: string[];
}

export interface Budgets {
  fuel_boot: number;
  fuel_schedule: number;
  fuel_unit: number;
  fuel_shard: number;
  fuel_run: number;
  /** Fuel between two yields: at most 20 ms on a slow machine. */
  fuel_slice: number;
  trace_entries: number;
}

export interface MachineConstants {
  vcpus: number;
  memory_pages: number;
  host_pages: number;
  tsc_hz: number;
  apic_id: number[];
}

/** A reference backend in the suite that submitted halves meet. */
export interface SuitePeer {
  name: string;
  manifest: Manifest;
  build: Digest;
  guest: Digest | null;
  host: Digest | null;
  rom: Digest | null;
}

/** A legal but hostile form of one half of a reference build: what the published ABI allows, and no friendly half does. */
export interface SuiteVariant {
  /** Kebab case, one of its kind per reference build. */
  name: string;
  /** Reference build it is a form of; its other half and its manifest are that build's. */
  peer: string;
  half: "guest" | "host";
  title: string;
  /** What in the published ABI makes it legal, with source. */
  freedom: string;
  module: Digest;
  /** Features that the host half of its pairing must not offer: a bitmap, decimal. */
  withheld?: string;
  /** Ids of the cases that are run with it, in suite order. */
  cases: string[];
}

export interface Suite {
  digest: Digest;
  pvi: string;
  judge: string;
  core: Digest;
  kernel: Digest;
  native: Digest;
  ops: SuiteOp[];
  clauses: SuiteClause[];
  cases: SuiteCase[];
  /** Clause ids as `test.expect` numbers them: the `clauses` list of `parley.cases`. */
  clauseNumbers: string[];
  peers: SuitePeer[];
  variants: SuiteVariant[];
  budgets: Budgets;
  constants: MachineConstants;
  /** Bytes of a module by digest; throws SuiteError for an unknown one. */
  blob(digest: Digest): Uint8Array;
}

export interface BuildParts {
  manifest: Uint8Array | null;
  guest?: Uint8Array | undefined;
  host?: Uint8Array | undefined;
  rom?: Uint8Array | undefined;
}

/** A build that passed intake. */
export interface Build {
  digest: Digest;
  manifest: Manifest;
  digests: { manifest: Digest; guest: Digest | null; host: Digest | null; rom: Digest | null };
  /** Two submitted halves of different builds: only they are run, with each other. */
  pair?: true;
  parts: Partial<Record<PartName, Uint8Array>>;
  /** Ops the guest half exports, in suite order. */
  exportsOps: string[];
}

/** One thing wrong with a submission: what happened, and what to do about it. */
export interface Problem {
  /** Stable, kebab-case, e.g. "unknown-import". */
  code: string;
  title: string;
  /** What was found, and why it is refused. */
  detail: string;
  /** What the submitter does next. */
  action: string;
  /** JSON pointer into parley.json (RFC 6901). */
  pointer?: string;
  part?: PartName | "manifest";
  /** Byte offset in the part. */
  offset?: number;
}

export type Inspection = { ok: true; build: Build } | { ok: false; problems: Problem[] };

/**
 * Which halves meet: "own" (own × own), "guest/PEER" (own guest × PEER's host) or "host/PEER" (PEER's guest × own host);
 * "guest/PEER+VARIANT" and "host/PEER+VARIANT" with a hostile variant of PEER's half.
 */
export interface Pairing {
  id: string;
  /** Pairings that this one stands for: where two would join the same bytes, they are run once. */
  covers: string[];
  guest: Digest | null;
  host: Digest | null;
  rom: Digest | null;
  /** Name of the reference peer that supplies a half, or null. */
  peer: string | null;
  /** Name of the peer's hostile variant that stands in for its half, or null. */
  variant: string | null;
}

/** Smallest piece of work: (case, pairing, slice). `index` is its place in suite order. */
export interface Unit {
  index: number;
  case: number;
  pairing: number;
  slice: number;
}

export interface Shard {
  index: number;
  /** Indices of units, ascending within one pairing. */
  units: number[];
}

export interface TraceEntry {
  v: number;
  layer: "kernel" | "guest" | "native" | "rom" | "host" | "machine";
  op: number;
  what: string;
  a: string;
  b: string;
}

/** `failure` of an outcome as core.wasm writes it. */
export interface OutcomeFailure {
  kind: string;
  clause: number;
  expected: string;
  seen: string;
  note: string;
  role: number;
  vcpu: number;
  op: number;
  /** Null where nobody ran, as in a deadlock. */
  half: string | null;
  function: string | null;
  offset: number | null;
  reason: string;
  schedule: string;
  steps: number;
  stack: string[];
  trace: TraceEntry[];
}

/** What core.wasm says about one unit, or about a boot that failed. Clauses are numbers of `Suite.clauseNumbers`, ops of `Suite.ops`. */
export interface Outcome {
  end: "ok" | "fail" | "error" | "stuck" | "refused";
  tried: number;
  exhausted: 0 | 1;
  bound: number;
  fuel: string;
  reached: number[];
  failed: number[];
  not_offered: number[];
  outcomes: string[][];
  costs: { op: number; scope: number; counters: Record<string, number> }[];
  failure: OutcomeFailure | null;
}

/** What a shard found: deterministic, JSON-serialisable, the same whoever ran it. */
export interface ShardResult {
  suite: Digest;
  build: Digest;
  /** As in RunOptions; absent in an ordinary run. */
  challenge?: string;
  shard: number;
  units: { unit: number; outcome: Outcome }[];
  /** Pairings whose boot failed: their units are not in `units`. */
  boots: { pairing: number; outcome: Outcome }[];
}

/** Outcome of a case in one pairing over all its slices; null if it was not run. */
export interface MergedCase {
  case: number;
  pairing: number;
  outcome: Outcome | null;
  /** The outcome is that of the pairing's failed boot. */
  boot: boolean;
}

/** Called after each unit and at each yield. Counts are of this shard. */
export interface Progress {
  unitsDone: number;
  units: number;
  caseId: string;
  /** Id of the pairing the last unit belongs to. */
  pairing: string;
}

export interface RunOptions {
  /** Another party's one-time seed, 64 hex digits: all units search anew from it, and the report names it. */
  challenge?: string | undefined;
  onProgress?: ((progress: Progress) => void) | undefined;
  /** Lets other work of the isolate run; awaited every `fuel_slice` of fuel. */
  yieldNow?: (() => Promise<void>) | undefined;
}

export interface CoreTally {
  held: number;
  failed: number;
  error: number;
  not_run: number;
  of: number;
}

export interface Summary {
  conforms: boolean;
  profile: Profile;
  pvi: string;
  /** True if the ABI is private (x-VENDOR): only own × own was graded. */
  private_abi: boolean;
  core: CoreTally;
  optional: CoreTally & { not_offered: number };
}

export interface OpResult {
  id: string;
  tier: Tier;
  verdict: Verdict;
  /** Not exported, has a native meaning, and every clause held through native.wasm. */
  native: boolean;
  costs: Record<string, number>;
}

export interface Judged {
  /** Canonical JSON, at most 4 MiB. */
  report: Uint8Array;
  digest: Digest;
  summary: Summary;
  ops: OpResult[];
}
