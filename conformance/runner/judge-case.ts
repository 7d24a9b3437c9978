/** What one case in one pairing says about each clause it claims. Part of the verdict function. */
import type { Manifest, MergedCase, Outcome, Suite, SuiteCase, Verdict } from "./types.ts";

/** Failure kind of a search that used its unit's fuel up without any schedule failing (not run, never pass). */
const CUT_SHORT = "budget";

/** Verdicts of the clauses that the case claims, in its order. */
export function verdictsOfCase(
  suite: Pick<Suite, "cases" | "clauseNumbers" | "ops">,
  manifest: Manifest,
  merged: MergedCase,
): { id: string; verdict: Verdict }[] {
  const item = suite.cases[merged.case];
  if (!item) return [];
  const { outcome } = merged;
  if (!outcome) return all(item, "not-run");
  if (merged.boot) return all(item, outcome.end === "error" || outcome.end === "refused" ? "error" : "fail");
  if (outcome.not_offered.length > 0)
    return all(item, refusedOps(suite, manifest, outcome).length === 0 ? "not-offered" : "fail");
  if (outcome.end === "refused") return all(item, "error");
  if (outcome.end === "error") return all(item, outcome.failure?.kind === CUT_SHORT ? "not-run" : "error");
  return eachClause(suite, item, outcome);
}

/** Ops that refused although they are core or declared in `offers`: that is a failure, not `not-offered`. */
export function refusedOps(suite: Pick<Suite, "ops">, manifest: Manifest, outcome: Outcome): string[] {
  return outcome.not_offered
    .map((number) => suite.ops[number])
    .filter((op) => op !== undefined && (op.tiers[manifest.profile] === "core" || manifest.offers.includes(op.id)))
    .map((op) => op?.id ?? "");
}

/** Clause that a failed outcome is charged to: the one it names, else the one the case names for getting stuck. */
export function failedClauses(suite: Pick<Suite, "clauseNumbers">, item: SuiteCase, outcome: Outcome): string[] {
  if (outcome.end !== "fail" && outcome.end !== "stuck") return [];
  const named = outcome.failed.length > 0 ? outcome.failed : [outcome.failure?.clause ?? -1];
  const ids = named.map((number) => suite.clauseNumbers[number]).filter((id) => id !== undefined);
  if (ids.length > 0) return ids;
  return item.stuck ? [item.stuck] : item.clauses.slice(0, 1);
}

function eachClause(
  suite: Pick<Suite, "clauseNumbers">,
  item: SuiteCase,
  outcome: Outcome,
): { id: string; verdict: Verdict }[] {
  const failed = new Set(failedClauses(suite, item, outcome));
  const reached = new Set(outcome.reached.map((number) => suite.clauseNumbers[number]));
  // A search that stopped at another clause's failure has not tried the rest of the schedules for this one.
  const complete = outcome.end === "ok" || item.mode === "sequential";
  return item.clauses.map((id) => {
    if (failed.has(id)) return { id, verdict: "fail" };
    return { id, verdict: complete && reached.has(id) ? "pass" : "not-run" };
  });
}

function all(item: SuiteCase, verdict: Verdict): { id: string; verdict: Verdict }[] {
  return item.clauses.map((id) => ({ id, verdict }));
}
