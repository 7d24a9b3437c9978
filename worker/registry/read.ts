// Everything pages, the JSON API and badges read. Each function is one round trip to D1 (a batch is one) and changes nothing.
import type { Env } from "../env.ts";
import type { BadgeView, BuildView, Matrix, OpView, RunView } from "./views.ts";

/** The signatures of this module; `null` says that there is no such thing (the caller answers 404). */
export interface Reader {
  /** Backends × ops of the current suite. */
  readMatrix(env: Env): Promise<Matrix>;
  /** One op of the current suite, by id (`mmu.set_pte`). */
  readOp(env: Env, opId: string): Promise<OpView | null>;
  /** By full digest, `sha256:…`. */
  readBuild(env: Env, digest: string): Promise<BuildView | null>;
  readRun(env: Env, id: string): Promise<RunView | null>;
  /** The canonical JSON of a published report, by its digest (`RunView.reportDigest`); shape: abi §9, conformance/runner/report.ts. */
  readReport(env: Env, digest: string): Promise<Uint8Array | null>;
  readBadge(env: Env, of: { vendor: string; backend: string; group?: string } | { build: string }): Promise<BadgeView | null>;
}
