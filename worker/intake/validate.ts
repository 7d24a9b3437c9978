import { type BuildParts, inspectBuild } from "../../conformance/runner/index.ts";
import type { Tier } from "../../conformance/runner/types.ts";
import { theSuite, theVm } from "../pipeline/engine.ts";
import type { Profile } from "../registry/views.ts";
import { refusal } from "./refusal.ts";

export interface Validation {
  valid: true;
  build: { digest: string };
  vendor: string;
  backend: string;
  version: string;
  profile: Profile;
  suite: { digest: string; pvi: string };
  /** Ops of the profile: exported by the guest half or not, by tier. */
  ops: { id: string; tier: Tier; exported: boolean }[];
}

/** A dry run of intake: nothing is kept. @throws ProblemError with every problem at once */
export async function validate(parts: BuildParts): Promise<Validation> {
  const suite = await theSuite();
  const inspection = await inspectBuild(await theVm(), suite, parts);
  if (!inspection.ok) throw refusal(inspection.problems);
  const { digest, manifest, exportsOps } = inspection.build;
  const { vendor, backend, version, profile } = manifest;
  const exported = new Set(exportsOps);
  const ops = suite.ops.filter((op) => !op.rule && op.tiers[profile] !== "none");
  return {
    valid: true,
    build: { digest },
    vendor,
    backend,
    version,
    profile,
    suite: { digest: suite.digest, pvi: suite.pvi },
    ops: ops.map((op) => ({ id: op.id, tier: op.tiers[profile], exported: exported.has(op.id) })),
  };
}
