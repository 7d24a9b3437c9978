import type { Judged, Report } from "../../conformance/runner/index.ts";
import type { Verdict } from "../registry/views.ts";

/** One row of `op_results`, in suite order. */
export interface OpRow {
  op: string;
  verdict: Verdict;
  native: boolean;
  clauses: Record<string, Verdict>;
  costs: Record<string, number>;
}

/** What the index keeps of a report: verdicts and costs per op. The report itself stays the evidence. */
export function opRows({ report, ops }: Judged): OpRow[] {
  const { ops: told } = JSON.parse(new TextDecoder().decode(report)) as Report;
  const clauses = new Map(
    told.map((op) => [op.id, Object.fromEntries(op.clauses.map(({ id, verdict }) => [id, verdict]))]),
  );
  return ops.map(({ id, verdict, native, costs }) => ({
    op: id,
    verdict,
    native,
    clauses: clauses.get(id) ?? {},
    costs,
  }));
}
