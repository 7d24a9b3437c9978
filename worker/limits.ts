// Every limit of the registry, checked here before the platform checks its own (it answers late, and without saying why).

const KIB = 1024;
const MIB = 1024 * KIB;

/** Bounds of a submission; the README lists them. */
export const PART_SIZE_MAX_BYTES = {
  manifest: 64 * KIB,
  guest: 1 * MIB,
  host: 2 * MIB,
  rom: 256 * KIB,
} as const;

const partsSizeMaxBytes = Object.values(PART_SIZE_MAX_BYTES).reduce((sum, size) => sum + size, 0);

/** A multipart submission: its parts and their headers. */
export const BUILD_BODY_MAX_BYTES = partsSizeMaxBytes + 64 * KIB;

/** The same as JSON with base64, which takes 4 characters for 3 bytes. */
export const HOOK_BODY_MAX_BYTES = Math.ceil((partsSizeMaxBytes * 4) / 3) + 64 * KIB;

/** Every other JSON body. */
export const JSON_BODY_MAX_BYTES = 16 * KIB;

/** How long a caller may take to send its body: 3.6 MB take 20 s at 1.5 Mbit/s. */
export const BODY_TIMEOUT_MS = 30_000;

/** Queues take 100 messages and 256 KB a call; a shard message is under 100 bytes. */
export const QUEUE_BATCH_MAX_MESSAGES = 100;

/** Standard Webhooks: how far a signed timestamp may be from now. */
export const WEBHOOK_TOLERANCE_S = 5 * 60;

/** Replay is refused by the tolerance anyhow after twice that; ids are kept longer to show late redeliveries as such. */
export const DELIVERY_KEPT_MS = 3 * 24 * 3_600_000;

/** A consumer that shows no progress for this long is taken for dead and its shard given to another. */
export const SHARD_LEASE_MS = 30_000;

/** A shard that brought down this many consumers ends its run as `abandoned`. */
export const SHARD_TRIES_MAX = 5;

/** When the sweeper looks again at a run that has not moved. */
export const SWEEP_AGAIN_MS = 30_000;

/** A run that keeps failing to move for this long ends as `abandoned`. */
export const RUN_AGE_MAX_MS = 6 * 3_600_000;

/** Runs that one sweep takes; the next is a minute away. */
export const SWEEP_RUNS_MAX = 50;

/** How often an object with followers reads its run again, in case a word was lost. */
export const LIVE_BEAT_MS = 2_000;

/** Followers of one run; more are told to poll. */
export const LIVE_LISTENERS_MAX = 200;

/** Fetches of ours (artefacts, proofs): bytes and time. */
export const OUTBOUND_BODY_MAX_BYTES = 8 * MIB;
export const OUTBOUND_TIMEOUT_MS = 20_000;

/** A domain's proof is one line; a file of other lines around it is fine. */
export const PROOF_MAX_BYTES = 4 * KIB;

/** How long an Idempotency-Key and its answer are kept. */
export const IDEMPOTENCY_KEPT_MS = 24 * 3_600_000;

/** A request that has held its key for this long without an answer is taken for dead. */
export const IDEMPOTENCY_LEASE_MS = 60_000;

/** While a hook's secret rotates, the one before is accepted for this long. */
export const SECRET_OVERLAP_MS = 24 * 3_600_000;

/** Trusted publishing: size of an OIDC token and of its issuer's key set; life of the token that it is exchanged for. */
export const OIDC_TOKEN_MAX_BYTES = 8 * KIB;
export const OIDC_JWKS_MAX_BYTES = 64 * KIB;
export const OIDC_MINTED_MS = 15 * 60_000;

/** Leeway of an OIDC token's times, and how often an unknown key id may ask for the key set anew. */
export const OIDC_LEEWAY_S = 30;
export const OIDC_REFRESH_MS = 60_000;

/** Hops that a service of ours may send a fetch on. */
export const REDIRECTS_MAX = 3;

/** GitHub hooks: size of a payload and of an API answer; GitHub waits 10 s for the answer, pulling included. */
export const GITHUB_BODY_MAX_BYTES = 1 * MIB;
export const GITHUB_PULL_MS = 8_000;

/** A zip of build parts: its size, and how many entries are looked at. */
export const ZIP_MAX_BYTES = partsSizeMaxBytes + 64 * KIB;
export const ZIP_ENTRIES_MAX = 64;

/** How long a party has between its one-time seed and its commitment. */
export const REPRODUCTION_OPEN_MS = 24 * 3_600_000;

export interface Quota {
  max: number;
  /** Absent: what exists at one time, not what was done in a time. */
  windowSeconds?: number;
  unit?: "content-bytes" | "concurrent-requests";
}

export type QuotaName =
  | "validate"
  | "validate-bytes"
  | "registrations"
  | "exchanges"
  | "reproductions"
  | "submissions"
  | "bytes"
  | "address-submissions"
  | "address-bytes"
  | "queued"
  | "address-queued";

/**
 * Per address where the caller is nobody that is known. Submissions are counted per vendor, and per address besides, since anybody
 * can be several vendors; CI of many vendors may share an address, so that one is wider. Of all ways to bring a build, anonymous
 * validation has the least, in number and in bytes.
 */
export const QUOTAS: Readonly<Record<QuotaName, Quota>> = {
  validate: { max: 30, windowSeconds: 300 },
  "validate-bytes": { max: 256 * MIB, windowSeconds: 24 * 3600, unit: "content-bytes" },
  registrations: { max: 20, windowSeconds: 3600 },
  exchanges: { max: 60, windowSeconds: 60 },
  reproductions: { max: 20, windowSeconds: 24 * 3600 },
  submissions: { max: 600, windowSeconds: 3600 },
  bytes: { max: 512 * MIB, windowSeconds: 24 * 3600, unit: "content-bytes" },
  "address-submissions": { max: 1200, windowSeconds: 3600 },
  "address-bytes": { max: 1024 * MIB, windowSeconds: 24 * 3600, unit: "content-bytes" },
  queued: { max: 200, unit: "concurrent-requests" },
  "address-queued": { max: 400, unit: "concurrent-requests" },
};
