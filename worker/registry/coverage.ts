import { groupOf } from "../../conformance/interface/catalogue.ts";
import type { Suite } from "../../conformance/runner/types.ts";
import type { CaseRef, Coverage } from "./op-views.ts";

const known = new WeakMap<Suite, ReadonlyMap<string, readonly CaseRef[]>>();

/** Cases that test each clause, by clause id, in suite order. */
export function casesByClause(suite: Suite): ReadonlyMap<string, readonly CaseRef[]> {
  const kept = known.get(suite);
  if (kept) return kept;
  const made = new Map<string, CaseRef[]>(suite.clauses.map(({ id }) => [id, []]));
  for (const { id, title, mode, clauses } of suite.cases) {
    for (const clause of clauses) made.get(clause)?.push({ id, title, mode });
  }
  known.set(suite, made);
  return made;
}

/** Clause × case of the whole suite. */
export function coverageOf(suite: Suite): Coverage {
  const cases = casesByClause(suite);
  const clauses = suite.clauses.map(({ id, op, text }) => ({ id, op, text, cases: [...(cases.get(id) ?? [])] }));
  return {
    suite: { digest: suite.digest, pvi: suite.pvi },
    clauses: clauses.length,
    ops: suite.ops.length,
    // A scenario claims no clause: it is counted, not graded.
    cases: suite.cases.filter((one) => one.clauses.length > 0).length,
    groups: Array.from(
      Map.groupBy(clauses, ({ op }) => groupOf(op)),
      ([id, of]) => ({ id, clauses: of }),
    ),
  };
}
