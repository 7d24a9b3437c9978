// Plain data that pages, the JSON API and badges show. Every `at` is ISO 8601 UTC; every digest `sha256:` + lower-case hex.

import type { MachineKind, Manifest, Profile, Summary, Verdict } from "../../conformance/runner/types.ts";

export type { Profile, Summary, Verdict };

/** The vendor whose builds are this project's own models of published ABIs. */
export const MODEL_VENDOR = "parley";

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

/** Why there is a run: a submission, the vendor asked again, the suite is new, it repeats a run, or it checks a reproduction. */
export type RunCause = "submission" | "rerun" | "suite" | "repeat" | "reproduction";

/** Two axes: where the build came from, who executed the run. */
export interface Trust {
  provenance: "token" | "ci-attested";
  execution: "registry-run" | "reproduced";
}

/** Whether somebody has evidence against a result, or its build was withdrawn. The result itself never changes. */
export type Standing = "valid" | "disputed" | "revoked";

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

/** A build as it stands beside a result; `build` is its digest. */
export interface BuildRef {
  vendor: string;
  /** True until the vendor proved a domain or a repository. */
  unverified: boolean;
  backend: string;
  version: string;
  profile: Profile;
  build: string;
}

/** One backend's current result: its newest published run, of the current suite unless `stale`. */
export interface MatrixRow extends BuildRef, Score {
  run: RunRef;
  /** A newer run of this backend that is not finished; its result will replace this row. */
  pending: RunRef | null;
  conforms: boolean;
  /** True if the halves speak an ABI of their vendor's own: then only both together were graded. */
  privateAbi: boolean;
  trust: Trust;
  standing: Standing;
  /** The suite that the run was of. */
  suite: SuiteRef;
  /** True if the current suite is another one: its run of this build is still to come. */
  stale: boolean;
  /** Verdict by op id; every op of the current suite is a key, `not-run` if the run knows it not. */
  cells: Record<string, Verdict>;
  groups: Record<string, GroupCount>;
}

export interface Matrix {
  suite: SuiteRef;
  /** Suite order. */
  groups: { id: string; ops: string[] }[];
  /** Alphabetical by vendor, then backend; a backend without a published run is in `waiting`. */
  rows: MatrixRow[];
  waiting: { vendor: string; unverified: boolean; backend: string; version: string; build: string; run: RunRef }[];
  /** `after` of the next page of backends, or null at the end. */
  next: string | null;
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
  /** When, by whom and why it was withdrawn. */
  revoked: RevocationView | null;
  /** The manifest as submitted, parsed. */
  manifest: Manifest;
  guest: BlobRef | null;
  host: BlobRef | null;
  rom: BlobRef | null;
  /** Newest first. */
  runs: (RunRef & {
    suite: SuiteRef;
    attempt: number;
    cause: RunCause;
    /** As of a run. */
    repeats: string | null;
    conforms: boolean | null;
    score: Score | null;
    execution: Trust["execution"];
    standing: Standing;
  })[];
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
  build: { digest: string; vendor: string; unverified: boolean; backend: string; version: string; profile: Profile };
  suite: SuiteRef;
  /** The one-time seed that it ran, 64 hex digits; null for an ordinary run. */
  challenge: string | null;
  attempt: number;
  cause: RunCause;
  /** The run that newly failed against the backend's result before it, and that this run repeats. */
  repeats: string | null;
  /** Every attempt of this build under this suite, this one among them, oldest first. */
  attempts: (RunRef & { attempt: number })[];
  trust: Trust;
  standing: Standing;
  /** Of this build under this suite, oldest first. */
  reproductions: ReproductionView[];
  disputes: DisputeView[];
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
  /** `domain:NAME`, `repository:OWNER/NAME` or `mediator`; null while unverified. */
  verifiedBy: string | null;
  verifiedAt: string | null;
  createdAt: string;
}

/** issued → checking → matched, or → repeating → matched or disputed; `lapsed` without a commitment, `failed` without a run. */
export type ReproductionState = "issued" | "checking" | "repeating" | "matched" | "disputed" | "lapsed" | "failed";

/** A verified party's attempt to get a result again from a one-time seed. */
export interface ReproductionView {
  id: string;
  /** The published run that it is about. */
  run: string;
  build: string;
  suite: string;
  vendor: string;
  state: ReproductionState;
  /** When it reached this state. */
  at: string;
  issuedAt: string;
  /** Until when the party may commit. */
  expiresAt: string;
  /** Null until the party has committed. */
  seed: string | null;
  /** Digest of the report that the party got. */
  committedDigest: string | null;
  /** The registry's run of the seed, and its report's digest once published. */
  checkRun: string | null;
  checkDigest: string | null;
  /** The registry's repetition, if the first did not match. */
  repeatRun: string | null;
  repeatDigest: string | null;
}

/** Evidence against a published result. The result stays; the dispute is shown beside it until the mediator closes it. */
export interface DisputeView {
  id: string;
  run: string;
  build: string;
  suite: string;
  reproduction: string;
  /** `vendor:NAME`. */
  claimant: string;
  claim: string;
  openedAt: string;
  state: "open" | "upheld" | "dismissed";
  at: string;
  reason: string | null;
}

export interface RevocationView {
  build: string;
  at: string;
  /** `vendor:NAME` or `mediator`. */
  actor: string;
  reason: string;
}

/** An Ed25519 public key of a vendor. */
export interface KeyView {
  id: string;
  /** Base64 of 32 bytes. */
  publicKey: string;
  /** Digest of those 32 bytes. */
  fingerprint: string;
  notBefore: string;
  notAfter: string;
  /** Id of the key that vouched for it; null for the first, and after a new proof of the vendor. */
  signedBy: string | null;
  revokedAt: string | null;
  revokedFor: string | null;
}

export type VendorView = VendorItem & {
  backends: BackendItem[];
  /** Newest first. */
  keys: KeyView[];
};

export interface BackendView {
  backend: BackendItem;
  /** Newest first. */
  builds: BuildItem[];
  /** `after` of the next page of builds, or null at the end. */
  next: string | null;
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
    /** True if the current suite is another one. */
    stale: boolean;
    conforms: boolean;
    score: Score;
    trust: Trust;
    standing: Standing;
  } | null;
  /** The run that began last, whatever its state. */
  latest: RunRef | null;
}

export type BuildItem = Pick<
  BuildView,
  "digest" | "vendor" | "unverified" | "backend" | "version" | "profile" | "machine" | "provenance" | "submittedAt"
>;

export type RunItem = Pick<
  RunView,
  | "id"
  | "state"
  | "at"
  | "createdAt"
  | "attempt"
  | "cause"
  | "challenge"
  | "build"
  | "suite"
  | "trust"
  | "standing"
  | "reportDigest"
> & { conforms: boolean | null; score: Score | null };

/** An event with what it is about, and the state or digest before and after. */
export type EventItem = EventView & { subject: string; before: string | null; after: string | null };

/** What a badge may say; the submitter chooses none of it. */
export type BadgeState = "passing" | "partial" | "failing" | "stale" | "disputed" | "revoked" | "unknown";

export interface BadgeView extends Score {
  vendor: string;
  unverified: boolean;
  backend: string;
  version: string;
  build: string;
  run: string;
  /** The op group that `held` and `of` are about; null for the whole profile. */
  group: string | null;
  state: BadgeState;
  trust: Trust;
  /** As in the matrix. */
  privateAbi: boolean;
  pvi: string;
  suite: string;
  /** When the run was published. */
  at: string;
}
