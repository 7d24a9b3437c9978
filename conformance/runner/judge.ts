/**
 * The verdict function, version 1: the only place where a verdict is made. Pure: what goes in is the suite, the manifest and
 * the merged outcomes; nothing else is looked at.
 */
import { verdictsOfCase } from "./judge-case.ts";
import { isPrivateAbi } from "./pairings.ts";
import type { CoreTally, Manifest, MergedCase, OpResult, Pairing, Suite, SuiteOp, Summary, Verdict } from "./types.ts";
import { caseApplies, caseMeets } from "./units.ts";

export const JUDGE_VERSION = "1";

/** An op takes the worst of its clauses, a case the worst of those it claims. */
export const verdictsWorstFirst: readonly Verdict[] = ["fail", "error", "not-run", "not-offered", "pass"];

export interface Verdicts {
  /** In the order of the cases given. */
  cases: { verdict: Verdict; clauses: { id: string; verdict: Verdict }[] }[];
  ops: (Omit<OpResult, "costs"> & { clauses: { id: string; verdict: Verdict; cases: string[] }[] })[];
  summary: Summary;
}

export interface JudgeInput {
  suite: Pick<Suite, "pvi" | "ops" | "clauses" | "cases" | "clauseNumbers" | "variants">;
  manifest: Manifest;
  pairings: readonly Pairing[];
  /** Ops exported by the submitted guest half, or null if none was submitted and a peer's stands in. */
  exportsOps: readonly string[] | null;
  /** One entry for each applicable case and pairing, in any order. */
  cases: readonly MergedCase[];
}

export function judge(input: JudgeInput): Verdicts {
  const cases = input.cases.map((merged) => {
    const clauses = verdictsOfCase(input.suite, input.manifest, merged);
    return { verdict: worst(clauses.map((clause) => clause.verdict)), clauses };
  });
  const byClause = collect(input, cases);
  const ops = input.suite.ops.map((op) => judgeOp(input, op, byClause));
  return { cases, ops, summary: summarise(input, ops) };
}

/** The worst of a list; an empty list was not run. */
export function worst(verdicts: readonly Verdict[]): Verdict {
  return verdictsWorstFirst.find((verdict) => verdicts.includes(verdict)) ?? "not-run";
}

interface ClauseEvidence {
  verdicts: Verdict[];
  cases: Set<number>;
}

/** Gathers verdicts by clause. A case or pairing that is missing counts as not run: denominators are the suite's. */
function collect(input: JudgeInput, cases: Verdicts["cases"]): Map<string, ClauseEvidence> {
  const byClause = new Map<string, ClauseEvidence>();
  const add = (clause: string, verdict: Verdict, index: number) => {
    const evidence = byClause.get(clause) ?? { verdicts: [], cases: new Set() };
    evidence.verdicts.push(verdict);
    evidence.cases.add(index);
    byClause.set(clause, evidence);
  };
  const seen = new Set<string>();
  for (const [at, merged] of input.cases.entries()) {
    seen.add(`${merged.case} ${merged.pairing}`);
    for (const { id, verdict } of cases[at]?.clauses ?? []) add(id, verdict, merged.case);
  }
  for (const [index, item] of input.suite.cases.entries()) {
    if (!caseApplies(item, input.manifest.machine)) continue;
    for (const [pairing, met] of input.pairings.entries())
      if (caseMeets(input.suite, item, met) && !seen.has(`${index} ${pairing}`))
        for (const clause of item.clauses) add(clause, "not-run", index);
  }
  return byClause;
}

function judgeOp(
  input: JudgeInput,
  op: SuiteOp,
  byClause: ReadonlyMap<string, ClauseEvidence>,
): Verdicts["ops"][number] {
  const { manifest, suite } = input;
  const tier = op.tiers[manifest.profile];
  const owed = tier === "core" || (tier === "optional" && manifest.offers.includes(op.id));
  const clauses = op.clauses.map((id) => {
    const evidence = byClause.get(id);
    const cases = [...(evidence?.cases ?? [])].sort((a, b) => a - b).map((index) => suite.cases[index]?.id ?? "");
    return { id, verdict: owed ? worst(evidence?.verdicts ?? []) : offeredNot(evidence), cases };
  });
  const verdict = worst(clauses.map((clause) => clause.verdict));
  const fellThrough = input.exportsOps !== null && !input.exportsOps.includes(op.id);
  return { id: op.id, tier, verdict, native: fellThrough && op.native && verdict === "pass", clauses };
}

/** An op that is neither core nor offered: a pass of its native fall-through is evidence, everything else is `not-offered`. */
function offeredNot(evidence: ClauseEvidence | undefined): Verdict {
  return evidence && worst(evidence.verdicts) === "pass" ? "pass" : "not-offered";
}

function summarise(input: JudgeInput, ops: Verdicts["ops"]): Summary {
  const core: CoreTally = { held: 0, failed: 0, error: 0, not_run: 0, of: 0 };
  const optional = { ...core, not_offered: 0 };
  for (const op of ops) {
    if (op.tier === "none") continue;
    for (const { verdict } of op.clauses) {
      const tally = op.tier === "core" ? core : optional;
      tally.of += 1;
      if (verdict === "pass") tally.held += 1;
      else if (verdict === "fail") tally.failed += 1;
      else if (verdict === "error") tally.error += 1;
      else if (verdict === "not-offered" && op.tier === "optional") optional.not_offered += 1;
      else tally.not_run += 1;
    }
  }
  return {
    conforms: core.of > 0 && core.held === core.of,
    profile: input.manifest.profile,
    pvi: input.suite.pvi,
    private_abi: isPrivateAbi(input.manifest),
    core,
    optional,
  };
}
