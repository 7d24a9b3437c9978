// D1 is the index, R2 the evidence. Times are ms since 1970 (`_at`), digests `sha256:…`; triggers are in migrations/*_triggers.sql.
import { index, integer, primaryKey, sqliteTable, text, unique } from "drizzle-orm/sqlite-core";

const ofVendor = () =>
  text()
    .notNull()
    .references(() => vendors.slug);
const ofRun = () =>
  text()
    .notNull()
    .references(() => runs.id);
const createdAt = () => integer("created_at").notNull();
const revokedAt = () => integer("revoked_at");

/** Where a row stands, since when, and who moved it there: `vendor:NAME`, `mediator` or `registry`. */
const stateColumns = () => ({
  state: text().notNull(),
  stateAt: integer("state_at").notNull(),
  stateActor: text("state_actor").notNull(),
});

export const vendors = sqliteTable("vendors", {
  slug: text().primaryKey(),
  name: text().notNull(),
  /** Null: unverified, and shown as such everywhere. */
  verifiedAt: integer("verified_at"),
  createdAt: createdAt(),
  /** What verified it: `domain:NAME`, `repository:OWNER/NAME` or `mediator`. */
  verifiedBy: text("verified_by"),
});

export const tokens = sqliteTable(
  "tokens",
  {
    id: text().primaryKey(),
    vendor: ofVendor(),
    /** SHA-256 of the token, hex; the token itself is shown once and never stored. */
    hash: text().notNull().unique(),
    /** Space-separated: submit, positions, manage. */
    scopes: text().notNull(),
    createdAt: createdAt(),
    expiresAt: integer("expires_at"),
    revokedAt: revokedAt(),
    lastUsedAt: integer("last_used_at"),
    /** The one backend that it may submit; null for every backend of the vendor. */
    backend: text(),
    /** The trusted publisher that it was minted for. */
    publisher: text(),
    /** What builds that it brings are shown as: `token` or `ci-attested`. */
    provenance: text().notNull().default("token"),
  },
  // "tokens of a vendor"
  (t) => [index("tokens_vendor").on(t.vendor)],
);

/** A vendor's product. `currentRun` is what matrix and badge show; only publishing moves it. */
export const backends = sqliteTable(
  "backends",
  {
    vendor: ofVendor(),
    slug: text().notNull(),
    currentRun: text("current_run"),
    createdAt: createdAt(),
    /** The run that began last, whatever its state; a trigger keeps it. */
    latestRun: text("latest_run"),
  },
  (t) => [primaryKey({ columns: [t.vendor, t.slug] })],
);

export const builds = sqliteTable(
  "builds",
  {
    digest: text().primaryKey(),
    vendor: text().notNull(),
    backend: text().notNull(),
    version: text().notNull(),
    profile: text().notNull(),
    machine: text().notNull(),
    /** parley.json as submitted; its bytes are in R2 under `manifestDigest`. */
    manifest: text().notNull(),
    manifestDigest: text("manifest_digest").notNull(),
    guestDigest: text("guest_digest"),
    guestSizeBytes: integer("guest_size_bytes"),
    hostDigest: text("host_digest"),
    hostSizeBytes: integer("host_size_bytes"),
    romDigest: text("rom_digest"),
    romSizeBytes: integer("rom_size_bytes"),
    provenance: text().notNull(),
    createdAt: createdAt(),
  },
  (t) => [
    // "builds of a backend, newest first", "… of a vendor", "… of all"
    index("builds_backend").on(t.vendor, t.backend, t.createdAt, t.digest),
    index("builds_vendor").on(t.vendor, t.createdAt, t.digest),
    index("builds_created").on(t.createdAt, t.digest),
  ],
);

export const suites = sqliteTable("suites", {
  digest: text().primaryKey(),
  pvi: text().notNull(),
  judge: text().notNull(),
  seenAt: integer("seen_at").notNull(),
});

export const runs = sqliteTable(
  "runs",
  {
    id: text().primaryKey(),
    build: text()
      .notNull()
      .references(() => builds.digest),
    suite: text()
      .notNull()
      .references(() => suites.digest),
    attempt: integer().notNull(),
    ...stateColumns(),
    /** Why it was abandoned or cancelled. */
    reason: text(),
    /** When the sweeper looks at it again; null when the run is final. */
    nextAt: integer("next_at"),
    createdAt: createdAt(),
    /** The one-time seed of a reproduction, 64 hex digits; empty for an ordinary run. */
    challenge: text().notNull().default(""),
    reportDigest: text("report_digest"),
    conforms: integer({ mode: "boolean" }),
    held: integer(),
    of: integer(),
    /** JSON of the runner's Summary. */
    summary: text(),
    /** Why there is this attempt: submission, rerun, suite, repeat or reproduction. */
    cause: text().notNull().default("submission"),
    /** The run that newly failed, or that did not match a reproduction, of which this is the repetition. */
    repeats: text(),
  },
  (t) => [
    unique("runs_identity").on(t.build, t.suite, t.challenge, t.attempt),
    // "runs that are due", for the sweeper
    index("runs_due").on(t.nextAt),
    // "the run of a report"
    index("runs_report").on(t.reportDigest),
    // "the repetition of a run"
    index("runs_repeats").on(t.repeats),
    // "runs, newest first", "… in a state", "… of a build"
    index("runs_created").on(t.createdAt, t.id),
    index("runs_state").on(t.state, t.createdAt, t.id),
    index("runs_build").on(t.build, t.createdAt, t.id),
  ],
);

export const shards = sqliteTable(
  "shards",
  {
    run: ofRun(),
    shard: integer().notNull(),
    /** JSON array of unit numbers: the cut is kept, so that a new deployment may cut differently. */
    units: text().notNull(),
    done: integer({ mode: "boolean" }).notNull().default(false),
    /** How many times a consumer began it. */
    tries: integer().notNull().default(0),
    /** Until when one consumer has it; a consumer that died is replaced after that. */
    leaseUntil: integer("lease_until"),
    /** What the last try failed with. */
    error: text(),
  },
  (t) => [primaryKey({ columns: [t.run, t.shard] })],
);

/** One row per op of a published run: verdicts of its clauses and its costs, both JSON objects. */
export const opResults = sqliteTable(
  "op_results",
  {
    run: ofRun(),
    op: text().notNull(),
    /** Position in the suite. */
    place: integer().notNull(),
    verdict: text().notNull(),
    native: integer({ mode: "boolean" }).notNull(),
    clauses: text().notNull(),
    costs: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.run, t.op] })],
);

/** Another party's attempt to get the same result; the registry runs its seed only after the party committed to a digest. */
export const reproductions = sqliteTable(
  "reproductions",
  {
    id: text().primaryKey(),
    /** The published run that it is about; what it shows holds for that build under that suite. */
    run: ofRun(),
    build: text().notNull(),
    suite: text().notNull(),
    /** Who asked: verified then, and not the build's own vendor. */
    vendor: ofVendor(),
    /** 64 hex digits, given to the party alone until it has committed. */
    seed: text().notNull().unique("reproductions_seed"),
    ...stateColumns(),
    issuedAt: integer("issued_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
    committedDigest: text("committed_digest"),
    checkRun: text("check_run"),
    checkDigest: text("check_digest"),
    repeatRun: text("repeat_run"),
    repeatDigest: text("repeat_digest"),
  },
  (t) => [
    // "reproductions of a build under a suite that matched", "those that lapse"
    index("reproductions_of").on(t.build, t.suite, t.state),
    index("reproductions_due").on(t.state, t.expiresAt),
  ],
);

/** A published result that somebody has evidence against. */
export const disputes = sqliteTable(
  "disputes",
  {
    /** That of the reproduction which opened it. */
    id: text().primaryKey(),
    run: ofRun(),
    build: text().notNull(),
    suite: text().notNull(),
    reproduction: text()
      .notNull()
      .references(() => reproductions.id),
    claimant: text().notNull(),
    claim: text().notNull(),
    openedAt: integer("opened_at").notNull(),
    // open, upheld or dismissed
    ...stateColumns(),
    reason: text(),
  },
  // "disputes about a build under a suite", "disputes, newest first"
  (t) => [index("disputes_of").on(t.build, t.suite, t.state), index("disputes_opened").on(t.openedAt, t.id)],
);

/** Builds that their vendor or the mediator withdrew. Their results stay; nothing takes a withdrawal back. */
export const revocations = sqliteTable("revocations", {
  build: text()
    .primaryKey()
    .references(() => builds.digest),
  at: integer().notNull(),
  actor: text().notNull(),
  reason: text().notNull(),
});

/** Append-only: who did what to what, when, with the state or digest before and after. */
export const events = sqliteTable(
  "events",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    at: integer().notNull(),
    actor: text().notNull(),
    type: text().notNull(),
    /** `run:ID`, `build:DIGEST`, `backend:VENDOR/NAME`, `vendor:NAME`, `reproduction:ID`, `dispute:ID`, `token:ID`, `hook:ID`, `key:ID`, `publisher:ID`. */
    subject: text().notNull(),
    before: text(),
    after: text(),
    detail: text(),
  },
  // "events of a subject, oldest first", "what somebody did"
  (t) => [index("events_subject").on(t.subject, t.id), index("events_actor").on(t.actor, t.id)],
);

export const hooks = sqliteTable("hooks", {
  id: text().primaryKey(),
  vendor: ofVendor(),
  kind: text().notNull(),
  createdAt: createdAt(),
  revokedAt: revokedAt(),
  /** JSON array of host names that messages may point to; only a token that manages sets it. */
  hosts: text().notNull().default("[]"),
  /** GitHub hooks: numeric id of the one repository that artefacts are pulled from. */
  repositoryId: text("repository_id"),
});

/** Several rows while a secret rotates: each is accepted until `notAfter`. */
export const hookSecrets = sqliteTable(
  "hook_secrets",
  {
    id: text().primaryKey(),
    hook: text()
      .notNull()
      .references(() => hooks.id),
    /** AES-GCM under SECRETS_KEY: base64 of 12 bytes nonce ‖ ciphertext and tag. */
    sealed: text().notNull(),
    createdAt: createdAt(),
    notAfter: integer("not_after"),
  },
  (t) => [index("hook_secrets_hook").on(t.hook)],
);

/** Message ids already taken in: a signed message counts once. */
export const deliveries = sqliteTable(
  "deliveries",
  {
    hook: text().notNull(),
    message: text().notNull(),
    receivedAt: integer("received_at").notNull(),
  },
  (t) => [primaryKey({ columns: [t.hook, t.message] }), index("deliveries_age").on(t.receivedAt)],
);

/** `Idempotency-Key`s of submissions: who used it, for what, and what the answer was. */
export const idempotencyKeys = sqliteTable(
  "idempotency_keys",
  {
    vendor: text().notNull(),
    key: text().notNull(),
    /** SHA-256 of the parts, hex. */
    fingerprint: text().notNull(),
    /** JSON of the answer; null while the request is being worked on. */
    answer: text(),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.vendor, t.key] }), index("idempotency_keys_age").on(t.createdAt)],
);

/** A GitHub workflow that may submit one backend without a kept token. Numeric ids bind it; names are for people. */
export const publishers = sqliteTable(
  "publishers",
  {
    id: text().primaryKey(),
    vendor: ofVendor(),
    backend: text().notNull(),
    ownerId: text("owner_id").notNull(),
    repositoryId: text("repository_id").notNull(),
    /** OWNER/NAME, as registered. */
    repository: text().notNull(),
    /** File name under .github/workflows. */
    workflow: text().notNull(),
    environment: text(),
    createdAt: createdAt(),
    revokedAt: revokedAt(),
  },
  // "publishers of a backend"
  (t) => [index("publishers_backend").on(t.vendor, t.backend)],
);

/** OIDC tokens that were exchanged: each counts once, by its `jti`. */
export const oidcUses = sqliteTable(
  "oidc_uses",
  { jti: text().primaryKey(), expiresAt: integer("expires_at").notNull() },
  (t) => [index("oidc_uses_age").on(t.expiresAt)],
);

/** What of a quota was used in its present window: one row per owner (`address:…` or `vendor:…`) and quota. */
export const quotaUse = sqliteTable(
  "quota_use",
  {
    owner: text().notNull(),
    quota: text().notNull(),
    beganAt: integer("began_at").notNull(),
    used: integer().notNull(),
  },
  // "windows that ended long ago"
  (t) => [primaryKey({ columns: [t.owner, t.quota] }), index("quota_use_age").on(t.beganAt)],
);

/** The address that a waiting run came from, for its quota alone: a trigger forgets it when the run ends. Never given out. */
export const runAddresses = sqliteTable(
  "run_addresses",
  {
    run: text()
      .primaryKey()
      .references(() => runs.id),
    address: text().notNull(),
  },
  // "waiting runs of an address"
  (t) => [index("run_addresses_address").on(t.address)],
);

/** Ed25519 public keys of vendors. A key is never changed: it ends by `notAfter` or is revoked, with the reason. */
export const vendorKeys = sqliteTable(
  "vendor_keys",
  {
    id: text().primaryKey(),
    vendor: ofVendor(),
    /** Base64 of 32 bytes. */
    publicKey: text("public_key").notNull(),
    notBefore: integer("not_before").notNull(),
    notAfter: integer("not_after").notNull(),
    /** Id of the key that vouched for it; null for the first, and after a new proof. */
    signedBy: text("signed_by"),
    createdAt: createdAt(),
    revokedAt: revokedAt(),
    revokedFor: text("revoked_for"),
  },
  (t) => [unique("vendor_keys_once").on(t.vendor, t.publicKey)],
);
