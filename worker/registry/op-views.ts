// What is shown of operations and of what tests them. As in views.ts.
import type { Tier } from "../../conformance/runner/types.ts";
import type { BuildRef, Profile, Standing, SuiteRef, Verdict } from "./views.ts";

/** A case of the suite: one schedule, or many of them explored. */
export interface CaseRef {
  id: string;
  title: string;
  mode: "sequential" | "explored";
}

export interface ClauseView {
  id: string;
  text: string;
  source: string;
  /** Cases that test it, in suite order. */
  cases: CaseRef[];
}

export interface OpDefinition {
  id: string;
  group: string;
  summary: string;
  /** As an export of a guest half, e.g. `mmu_set_pte(ptr: i64, val: i64)`. */
  signature: string;
  params: { name: string; type: string; meaning: string }[];
  /** What the result means; null for an op without one. */
  result: string | null;
  /** True if a guest half may leave it to the machine's own instruction. */
  native: boolean;
  /** True for a rule that holds for all ops: graded like one, called by nobody. */
  rule: boolean;
  tiers: Record<Profile, Tier>;
  clauses: ClauseView[];
  /** What a backend may do differently from the native sequence. */
  deviations: string[];
  /** Where published interfaces disagree, and what this one says. */
  decisions: { conflict: string; choice: string }[];
  /** Who defines it where: published sources by system. */
  definedBy: { system: string; sources: string[] }[];
}

/** Which case tests which clause, by op group, in suite order. */
export interface Coverage {
  suite: SuiteRef;
  clauses: number;
  ops: number;
  cases: number;
  groups: { id: string; clauses: { id: string; op: string; text: string; cases: CaseRef[] }[] }[];
}

/** What one backend's current run says about one op. */
export interface OpResult extends BuildRef {
  run: string;
  standing: Standing;
  /** True if the run was of an older suite. */
  stale: boolean;
  verdict: Verdict;
  /** Not exported by the guest half: the machine's own instruction did it, and its clauses held. */
  native: boolean;
  /** Verdict by clause id. */
  clauses: Record<string, Verdict>;
  /** Counted, never timed: counter name → count. */
  costs: Record<string, number>;
}

export interface OpView {
  suite: SuiteRef;
  op: OpDefinition;
  /** Alphabetical by vendor, then backend. */
  results: OpResult[];
}
