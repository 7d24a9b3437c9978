import type { D1Database, DurableObjectNamespace, Queue, R2Bucket } from "@cloudflare/workers-types";

/** One piece of work on the queue: a shard of a run. Everything else about it is read from D1 and R2. */
export interface ShardMessage {
  run: string;
  shard: number;
}

/** Bindings of wrangler.toml and the secrets of `.dev.vars` / `wrangler secret`. */
export interface Env {
  DB: D1Database;
  BLOBS: R2Bucket;
  SHARDS: Queue<ShardMessage>;
  /** One object per run: whoever follows it (worker/live/live.ts). */
  LIVE: DurableObjectNamespace;
  /** Bearer token of the mediator, in the format of every Parley token. */
  MEDIATOR_TOKEN: string;
  /** AES-GCM key that seals webhook secrets at rest: base64 of 32 bytes. */
  SECRETS_KEY: string;
  /** Trusted publishing: the one audience that tokens must name. Without it the exchange is closed. */
  OIDC_AUDIENCE?: string;
  /** Issuer and address of its keys; GitHub Actions unless set. */
  OIDC_ISSUER?: string;
  OIDC_JWKS_URL?: string;
  /** Where GitHub's API is; https://api.github.com unless set. */
  GITHUB_API?: string;
  /** Raises GitHub's rate limit and opens workflow artefacts; sent to GITHUB_API and nowhere else. */
  GITHUB_TOKEN?: string;
  /** Bound in tests only: makes the clock obey `X-Parley-Now`. */
  TEST_CLOCK?: string;
}
