import { ops as declared, groupOf } from "../../conformance/interface/catalogue.ts";
import { definedWhere } from "../../conformance/interface/where.ts";
import type { Suite, SuiteOp } from "../../conformance/runner/types.ts";
import { casesByClause } from "./coverage.ts";
import type { OpDefinition } from "./op-views.ts";
import type { Profile, Verdict } from "./views.ts";

/** Op groups in suite order, each with its ops. */
export function groupsOf(suite: Suite): { id: string; ops: string[] }[] {
  const groups = new Map<string, string[]>();
  for (const { id } of suite.ops) groups.set(groupOf(id), [...(groups.get(groupOf(id)) ?? []), id]);
  return [...groups].map(([id, ops]) => ({ id, ops }));
}

/** What is graded comes from the suite; what is only told about an op, from the catalogue that the suite was built from. */
export function opDefinition(suite: Suite, op: SuiteOp): OpDefinition {
  const params = op.params.map(({ name, type }) => `${name}: ${type}`).join(", ");
  const told = declared.find(({ id }) => id === op.id);
  const cases = casesByClause(suite);
  return {
    id: op.id,
    group: groupOf(op.id),
    summary: op.summary,
    signature: `${op.id.replace(".", "_")}(${params})${op.result === "void" ? "" : `: ${op.result}`}`,
    params: op.params.map(({ name, type }) => ({
      name,
      type,
      meaning: told?.params.find((param) => param.name === name)?.doc ?? "",
    })),
    result: told?.resultDoc ?? null,
    native: op.native,
    rule: op.rule ?? false,
    tiers: op.tiers,
    clauses: suite.clauses
      .filter((clause) => clause.op === op.id)
      .map(({ id, text, source }) => ({ id, text, source, cases: [...(cases.get(id) ?? [])] })),
    deviations: told?.deviations ?? [],
    decisions: told?.decisions ?? [],
    definedBy: told ? definedWhere(told) : [],
  };
}

/** Core clauses of a profile in one op group: how many held, of how many, and whether any failed. Clauses without a verdict were not run. */
export function scoreOf(
  suite: Suite,
  profile: Profile,
  group: string,
  verdicts: ReadonlyMap<string, Readonly<Record<string, Verdict>>>,
): { held: number; of: number; failed: boolean } {
  const core = suite.ops.filter((op) => groupOf(op.id) === group && op.tiers[profile] === "core");
  const words = core.flatMap((op) => op.clauses.map((clause) => verdicts.get(op.id)?.[clause] ?? "not-run"));
  return {
    held: words.filter((word) => word === "pass").length,
    of: words.length,
    failed: words.some((word) => word === "fail" || word === "error"),
  };
}
