// Plain data that pages, the JSON API and badges show. Every `at` is ISO 8601 UTC; every digest `sha256:` + lower-case hex.

import type { MachineKind, Manifest, Profile, Summary, Tier, Verdict } from "../../conformance/runner/types.ts";

export type { Profile, Summary, Tier, Verdict };

/** The life of a run (docs/architecture.md). The last three are final. */
export type RunState =
  | "received"
  | "queued"
  | "running"
  | "merging"
  | "judging"
  | "published"
  | "abandoned"
  | "cancelled";

/** Why there is a run: a submission, the vendor asked again, the suite is new, or it repeats a run that newly failed. */
export type RunCause = "submission" | "rerun" | "suite" | "repeat";

/** Two axes: where the build came from, who executed the run. */
export interface Trust {
  provenance: "token" | "ci-attested";
  execution: "registry-run" | "reproduced";
}

/** Clauses of the profile's core tier: `held` of `of` were run and held; `of` is the suite's number. */
export interface Score {
  held: number;
  of: number;
}

export interface SuiteRef {
  digest: string;
  pvi: string;
}

export interface RunRef {
  id: string;
  state: RunState;
  /** When the run reached this state. */
  at: string;
}

/** Per op group: how many of its ops ended in which verdict. */
export interface GroupCount {
  pass: number;
  fail: number;
  error: number;
  notOffered: number;
  notRun: number;
  of: number;
}

/** One backend's current result: its newest published run of the current suite. */
export interface MatrixRow extends Score {
  vendor: string;
  /** True until the vendor proved a domain or a repository. */
  unverified: boolean;
  backend: string;
  version: string;
  profile: Profile;
  build: string;
  run: RunRef;
  /** A newer run of this backend that is not finished; its result will replace this row. */
  pending: RunRef | null;
  conforms: boolean;
  trust: Trust;
  /** Verdict by op id; every op of the suite is a key. */
  cells: Record<string, Verdict>;
  groups: Record<string, GroupCount>;
}

export interface Matrix {
  suite: SuiteRef;
  /** Suite order. */
  groups: { id: string; ops: string[] }[];
  /** Alphabetical by vendor, then backend; a backend without a published run is in `waiting`. */
  rows: MatrixRow[];
  waiting: { vendor: string; backend: string; version: string; build: string; run: RunRef }[];
  /** `after` of the next page of backends, or null at the end. */
  next: string | null;
}

export interface ClauseView {
  id: string;
  text: string;
  source: string;
}

export interface OpDefinition {
  id: string;
  group: string;
  summary: string;
  /** As an export of a guest half, e.g. `mmu_set_pte(ptr: i64, val: i64)`. */
  signature: string;
  tiers: Record<Profile, Tier>;
  clauses: ClauseView[];
}

/** What one backend's current run says about one op. */
export interface OpResult {
  vendor: string;
  unverified: boolean;
  backend: string;
  version: string;
  profile: Profile;
  build: string;
  run: string;
  verdict: Verdict;
  /** Not exported by the guest half: the machine's own instruction did it, and its clauses held. */
  native: boolean;
  /** Verdict by clause id. */
  clauses: Record<string, Verdict>;
  /** Counted, never timed: counter name → count. */
  costs: Record<string, number>;
}

export interface OpView {
  suite: SuiteRef;
  op: OpDefinition;
  /** Alphabetical by vendor, then backend. */
  results: OpResult[];
}

export interface BlobRef {
  digest: string;
  sizeBytes: number;
}

export interface BuildView {
  digest: string;
  vendor: string;
  unverified: boolean;
  backend: string;
  version: string;
  profile: Profile;
  machine: MachineKind;
  /** Name and version of what the two halves speak; null for native and fullvirt. */
  abi: { name: string; version: string } | null;
  submittedAt: string;
  provenance: Trust["provenance"];
  /** The manifest as submitted, parsed. */
  manifest: Manifest;
  guest: BlobRef | null;
  host: BlobRef | null;
  rom: BlobRef | null;
  /** Newest first. */
  runs: (RunRef & { suite: SuiteRef; attempt: number; conforms: boolean | null; score: Score | null })[];
}

/** One append-only event of a run or a build. */
export interface EventView {
  at: string;
  /** `vendor:NAME`, `mediator` or `registry`. */
  actor: string;
  /** For instance `run.queued`. */
  type: string;
  detail: string | null;
}

export interface RunView {
  id: string;
  state: RunState;
  /** When the run reached this state. */
  at: string;
  createdAt: string;
  /** Why it was abandoned or cancelled. */
  reason: string | null;
  build: { digest: string; vendor: string; backend: string; version: string; profile: Profile };
  suite: SuiteRef;
  attempt: number;
  cause: RunCause;
  /** The run that newly failed against the backend's result before it, and that this run repeats. */
  repeats: string | null;
  /** Every attempt of this build under this suite, this one among them, oldest first. */
  attempts: (RunRef & { attempt: number })[];
  trust: Trust;
  progress: { shardsDone: number; shards: number };
  /** The three below are null until the run is published. */
  summary: Summary | null;
  reportDigest: string | null;
  /** Per op in suite order; clauses by id. */
  ops:
    | {
        id: string;
        verdict: Verdict;
        native: boolean;
        clauses: Record<string, Verdict>;
        costs: Record<string, number>;
      }[]
    | null;
  /** Oldest first. */
  events: EventView[];
}

export interface VendorItem {
  slug: string;
  name: string;
  /** True until the vendor proved a domain or a repository. */
  unverified: boolean;
  createdAt: string;
}

export interface BackendItem {
  vendor: string;
  unverified: boolean;
  backend: string;
  createdAt: string;
  /** What matrix and badge show; null until a run of it is published. */
  current: {
    run: string;
    at: string;
    build: string;
    version: string;
    suite: SuiteRef;
    conforms: boolean;
    score: Score;
  } | null;
  /** The run that began last, whatever its state. */
  latest: RunRef | null;
}

export type BuildItem = Pick<
  BuildView,
  "digest" | "vendor" | "backend" | "version" | "profile" | "machine" | "provenance" | "submittedAt"
>;

export type RunItem = Pick<
  RunView,
  "id" | "state" | "at" | "createdAt" | "attempt" | "cause" | "build" | "suite" | "trust" | "reportDigest"
> & { conforms: boolean | null; score: Score | null };

/** An event with what it is about, and the state or digest before and after. */
export type EventItem = EventView & { subject: string; before: string | null; after: string | null };

/** What a badge may say; the submitter chooses none of it. */
export type BadgeState = "passing" | "partial" | "failing" | "stale" | "unknown";

export interface BadgeView extends Score {
  vendor: string;
  backend: string;
  version: string;
  build: string;
  run: string;
  /** The op group that `held` and `of` are about; null for the whole profile. */
  group: string | null;
  state: BadgeState;
  pvi: string;
  suite: string;
  /** When the run was published. */
  at: string;
}
