/** From shards to a judged report. */
import { digestOf } from "./digest.ts";
import { RunnerError } from "./errors.ts";
import { judge } from "./judge.ts";
import { collectShards, mergeUnits } from "./merge-units.ts";
import { pairingsOf } from "./pairings.ts";
import { makeReport } from "./report.ts";
import { boundedBytes } from "./report-size.ts";
import type { Build, Judged, ShardResult, Suite, Unit } from "./types.ts";
import { unitsOf } from "./units.ts";

export interface MergeOptions {
  /** Accept that units are missing (a run of chosen cases): what is missing is `not-run`, so the build cannot conform. */
  partial?: boolean;
  /** That of the shards: see RunOptions. */
  challenge?: string | undefined;
}

/**
 * Merges, judges and reports. Any number of shards, in any order, some of them twice, gives the same bytes.
 * @throws RunnerError "units-missing" naming the first one, "foreign-shard", "not-deterministic"
 */
export async function mergeAndJudge(
  suite: Suite,
  build: Build,
  results: readonly ShardResult[],
  options: MergeOptions = {},
): Promise<Judged> {
  const units = unitsOf(suite, build);
  const pairings = pairingsOf(suite, build);
  const collected = collectShards(suite.digest, build.digest, results, options.challenge);
  const missing = units.filter((unit) => !collected.units.has(unit.index) && !collected.boots.has(unit.pairing));
  if (missing.length > 0 && !options.partial) throw unitsMissing(suite, missing, units.length);
  const merged = mergeUnits(suite, units, collected);
  const exportsOps = build.digests.guest || build.manifest.abi === null ? build.exportsOps : null;
  const verdicts = judge({ suite, manifest: build.manifest, pairings, exportsOps, cases: merged });
  const report = makeReport({ suite, build, pairings, merged, verdicts, challenge: options.challenge });
  const bytes = boundedBytes(report);
  return {
    report: bytes,
    digest: await digestOf(bytes),
    summary: verdicts.summary,
    ops: report.ops.map(({ id, tier, verdict, native, costs }) => ({ id, tier, verdict, native, costs })),
  };
}

function unitsMissing(suite: Suite, missing: readonly Unit[], of: number): RunnerError {
  const first = missing[0];
  const name = first ? `unit ${first.index}, case ${suite.cases[first.case]?.id}` : "none";
  return new RunnerError(
    "units-missing",
    `${missing.length} of ${of} units have no outcome, first ${name}: run the shards that hold them before merging.`,
  );
}
