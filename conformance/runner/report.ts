/** The report: canonical JSON, named by its digest. Nothing in it depends on place, time or the cutting into shards. */
import type { Verdicts } from "./judge.ts";
import { buildFailure, type ReportFailure } from "./report-failure.ts";
import type {
  Build,
  CoreTally,
  Digest,
  Manifest,
  MergedCase,
  Outcome,
  Pairing,
  Suite,
  Summary,
  Tier,
  Verdict,
} from "./types.ts";

export interface ReportCase {
  id: string;
  /** Id of the pairing. */
  peer: string;
  verdict: Verdict;
  /** Verdicts of the clauses the case claims: from these alone the summary can be made again. */
  clauses: { id: string; verdict: Verdict }[];
  schedules: { tried: number; exhausted: boolean; bound: number };
  outcomes: string[][];
  /** Set when vectors were left out to keep the report within its size. */
  outcomes_cut?: true;
  costs: { op: string; scope: number; counters: Record<string, number> }[];
  failure: ReportFailure | null;
}

export interface ReportOp {
  id: string;
  tier: Tier;
  verdict: Verdict;
  native: boolean;
  clauses: { id: string; verdict: Verdict; cases: string[] }[];
  costs: Record<string, number>;
}

/** Counts of one scenario in one pairing, in its one schedule. */
export interface ReportScenario {
  id: string;
  peer: string;
  /** "ok": it was done to its end; otherwise nothing is counted. */
  end: Outcome["end"] | "not-run";
  scopes: { title: string; counters: Record<string, number> }[];
}

export interface Report {
  parley_report: 1;
  build: Digest;
  /** The one-time seed of a reproduction; absent in an ordinary report. */
  challenge?: string;
  manifest: Manifest;
  suite: {
    digest: Digest;
    pvi: string;
    kernel: Digest;
    native: Digest;
    core: Digest;
    peers: Record<string, Digest>;
    /** Hostile variants by "PEER+VARIANT". */
    variants: Record<string, Digest>;
    judge: string;
  };
  pairings: { id: string; covers: string[]; guest: Digest | null; host: Digest | null; rom: Digest | null }[];
  summary: { conforms: boolean; profile: string; private_abi: boolean; core: CoreTally; optional: Summary["optional"] };
  ops: ReportOp[];
  /** Pairings whose boot failed. */
  boots: { peer: string; failure: ReportFailure }[];
  cases: ReportCase[];
  /** What scenarios cost; version 1 of the counters' names and of what they count. */
  scenarios: { version: 1; list: ReportScenario[] };
  /** What the audit of the machine found after a schedule: "case pairing: finding". */
  audit: string[];
}

export interface ReportInput {
  suite: Suite;
  build: Build;
  pairings: readonly Pairing[];
  merged: readonly MergedCase[];
  verdicts: Verdicts;
  challenge?: string | undefined;
}

export function makeReport(input: ReportInput): Report {
  const { suite, build, pairings, verdicts, challenge } = input;
  const { digest, pvi, kernel, native, core, judge } = suite;
  const isScenario = (merged: MergedCase) => (suite.cases[merged.case]?.scopes.length ?? 0) > 0;
  const cases = input.merged.flatMap((merged, at) => (isScenario(merged) ? [] : [reportCase(input, merged, at)]));
  const { conforms, profile, private_abi, core: coreTally, optional } = verdicts.summary;
  return {
    parley_report: 1,
    build: build.digest,
    ...(challenge === undefined ? {} : { challenge }),
    manifest: build.manifest,
    suite: {
      digest,
      pvi,
      kernel,
      native,
      core,
      peers: Object.fromEntries(suite.peers.map((peer) => [peer.name, peer.build])),
      variants: Object.fromEntries(suite.variants.map(({ peer, name, module }) => [`${peer}+${name}`, module])),
      judge,
    },
    pairings: pairings.map(({ id, covers, guest, host, rom }) => ({ id, covers, guest, host, rom })),
    summary: { conforms, profile, private_abi, core: coreTally, optional },
    ops: verdicts.ops.map((op) => ({ ...op, costs: opCosts(input, op.id) })),
    boots: failedBoots(input),
    cases,
    scenarios: { version: 1, list: input.merged.filter(isScenario).map((merged) => reportScenario(input, merged)) },
    audit: cases.flatMap(auditFinding),
  };
}

function reportCase(input: ReportInput, merged: MergedCase, at: number): ReportCase {
  const { suite, pairings, verdicts } = input;
  const item = suite.cases[merged.case];
  const judged = verdicts.cases[at] ?? { verdict: "not-run", clauses: [] };
  const outcome: Outcome | null = merged.boot ? null : merged.outcome;
  return {
    id: item?.id ?? "",
    peer: pairings[merged.pairing]?.id ?? "",
    verdict: judged.verdict,
    clauses: judged.clauses,
    schedules: { tried: outcome?.tried ?? 0, exhausted: outcome?.exhausted === 1, bound: outcome?.bound ?? 0 },
    outcomes: outcome?.outcomes ?? [],
    costs: (outcome?.costs ?? []).map(({ op, scope, counters }) => ({ op: suite.ops[op]?.id ?? "", scope, counters })),
    failure: buildFailure(input, merged),
  };
}

function reportScenario(
  { suite, pairings }: ReportInput,
  { case: at, pairing, outcome, boot }: MergedCase,
): ReportScenario {
  const item = suite.cases[at];
  const end = outcome === null || boot ? "not-run" : outcome.end;
  const counted = new Map((end === "ok" ? (outcome?.costs ?? []) : []).map((cost) => [cost.scope, cost.counters]));
  const scopes = (item?.scopes ?? []).map((title, scope) => ({ title, counters: counted.get(scope) ?? {} }));
  return { id: item?.id ?? "", peer: pairings[pairing]?.id ?? "", end, scopes };
}

const auditKinds = new Set(["audit", "isolation"]);

function auditFinding({ id, peer, failure }: ReportCase): string[] {
  return failure && !failure.boot && auditKinds.has(failure.kind) ? [`${id} ${peer}: ${failure.reason}`] : [];
}

/** Counters of an op over all cases of the first pairing, without scopes. */
function opCosts(input: ReportInput, id: string): Record<string, number> {
  const total: Record<string, number> = {};
  const number = input.suite.ops.findIndex((op) => op.id === id);
  for (const { pairing, outcome, boot } of input.merged) {
    if (pairing !== 0 || boot) continue;
    for (const cost of outcome?.costs ?? []) {
      if (cost.op !== number || cost.scope !== -1) continue;
      for (const [name, count] of Object.entries(cost.counters)) total[name] = (total[name] ?? 0) + count;
    }
  }
  return total;
}

function failedBoots(input: ReportInput): Report["boots"] {
  const first = new Map<number, MergedCase>();
  for (const merged of input.merged) if (merged.boot && !first.has(merged.pairing)) first.set(merged.pairing, merged);
  return [...first]
    .sort(([a], [b]) => a - b)
    .flatMap(([pairing, merged]) => {
      const failure = buildFailure(input, { ...merged, boot: false }, "boot");
      return failure ? [{ peer: input.pairings[pairing]?.id ?? "", failure }] : [];
    });
}
