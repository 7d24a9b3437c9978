/** A failure in the words of the report: expected, seen, where, under which schedule, and whose half is charged. */
import { failedClauses, refusedOps } from "./judge-case.ts";
import type { ReportInput } from "./report.ts";
import type { MergedCase, Outcome, OutcomeFailure, Pairing, Suite, TraceEntry } from "./types.ts";

export type Charged = "guest" | "host" | "pair";

export interface ReportFailure {
  kind: string;
  /** Clause that failed, or null where no single one did (a trap, a failed boot). */
  clause: string | null;
  expected: string;
  seen: string;
  note: string;
  reason: string;
  /** The half that the failure names: it fails only in pairings with this half. */
  charged: Charged;
  role: string | null;
  vcpu: number | null;
  op: string | null;
  /** Module that was running: kernel, guest, native, rom or host; empty where nobody ran. */
  half: string;
  function: string | null;
  /** Code offset in that module. */
  offset: number | null;
  /** Replays the failure: `parley test DIR --case ID --schedule S`. */
  schedule: string;
  steps: number;
  stack: string[];
  trace: ReportTraceEntry[];
  /** How many earlier trace entries were left out. */
  trace_cut?: number;
  /** The case did not run: its pairing did not boot, see `boots`. */
  boot?: true;
}

export type ReportTraceEntry = Omit<TraceEntry, "op"> & { op: string | null };

const TRACE_ENTRIES_MAX = 400;

/** Null if the case ended well. @param at "boot" for the entry of `boots` itself, which carries stack and trace */
export function buildFailure(
  input: ReportInput,
  merged: MergedCase,
  at: "case" | "boot" = "case",
): ReportFailure | null {
  const { suite } = input;
  const { outcome } = merged;
  const item = suite.cases[merged.case];
  if (!outcome || !item) return null;
  const refused = refusedOps(suite, input.build.manifest, outcome);
  if (refused.length > 0) return refusal(input, merged, refused);
  const { failure } = outcome;
  if (!failure) return null;
  const clause = at === "boot" || merged.boot ? null : (failedClauses(suite, item, outcome)[0] ?? null);
  const words = merged.boot || at === "boot" ? "the machine boots" : clauseText(suite, clause);
  const op = suite.ops[failure.op]?.id ?? null;
  return {
    kind: failure.kind,
    clause,
    expected: holds(failure.expected) ? words : failure.expected,
    seen: holds(failure.expected) ? seenInstead(failure) : failure.seen,
    note: failure.note,
    reason: failure.reason,
    charged: chargedHalf(input, merged),
    role: item.roles[failure.role]?.name ?? null,
    vcpu: failure.vcpu < 0 ? null : failure.vcpu,
    op,
    half: failure.half ?? "",
    function: failure.function ?? namelessFunction(failure),
    offset: failure.offset,
    schedule: failure.schedule,
    steps: failure.steps,
    ...(merged.boot
      ? { stack: [], trace: [], boot: true as const }
      : { stack: failure.stack, ...cutTrace(suite, failure) }),
  };
}

function refusal(input: ReportInput, merged: MergedCase, refused: string[]): ReportFailure {
  const names = refused.join(", ");
  return {
    kind: "not-offered",
    clause: input.suite.cases[merged.case]?.clauses[0] ?? null,
    expected: `${names} is offered, because it is core or the manifest offers it`,
    seen: "neither the guest half nor the native half realises it",
    note: "",
    reason: `${names}: a declared operation that refuses is a failure`,
    charged: "guest",
    role: null,
    vcpu: null,
    op: refused[0] ?? null,
    half: "guest",
    function: null,
    offset: null,
    schedule: "",
    steps: 0,
    stack: [],
    trace: [],
  };
}

/** core.wasm knows no clause texts: of an expectation without numbers it says only that the clause should hold. */
function holds(expected: string): boolean {
  return expected === "" || expected === "the clause holds";
}

/** The kernel's words say what should have been so; where there are none, the reason says what happened. */
function seenInstead({ note, reason, kind, seen }: OutcomeFailure): string {
  if (kind === "expect" && note !== "") return `not so: ${note}`;
  return kind === "expect" && seen !== "" ? seen : reason;
}

/** "function 7" of a module without names, from the innermost frame "guest function 7+95". */
function namelessFunction(failure: OutcomeFailure): string | null {
  return /^\S+ (function \d+)\+\d+$/.exec(failure.stack[0] ?? "")?.[1] ?? null;
}

function clauseText(suite: Suite, id: string | null): string {
  return suite.clauses.find((clause) => clause.id === id)?.text ?? "the case ends well";
}

function cutTrace(suite: Suite, failure: OutcomeFailure): Pick<ReportFailure, "trace" | "trace_cut"> {
  const cut = Math.max(0, failure.trace.length - TRACE_ENTRIES_MAX);
  const trace = failure.trace.slice(cut).map((entry) => ({
    ...entry,
    op: suite.ops[entry.op]?.id ?? null,
    what: clauseNamed(suite, entry),
  }));
  return cut > 0 ? { trace, trace_cut: cut } : { trace };
}

/** "expect mmu.set_pte.2": core.wasm knows clauses by their numbers alone. */
function clauseNamed(suite: Suite, { layer, what, a }: TraceEntry): string {
  if (layer !== "kernel" || !["expect", "expect_eq", "fail", "revoked"].includes(what)) return what;
  const id = suite.clauseNumbers[Number(a)];
  return id === undefined ? what : `${what} ${id}`;
}

/**
 * A failure that only the pairings with one half show names that half; one that needs both, or shows with either, the pair.
 * A pairing stands for all that it covers: own × own with the reference's guest half is the reference guest × own host too.
 */
export function chargedHalf(input: Pick<ReportInput, "pairings" | "merged" | "build">, merged: MergedCase): Charged {
  const { guest, host } = input.build.digests;
  if (!host) return "guest";
  if (!guest) return "host";
  const ended = (pairing: Pairing, index: number): boolean => {
    const entry = input.merged.find((other) => other.case === merged.case && other.pairing === index);
    return pairing.covers.length > 0 && !endedWell(entry?.outcome ?? null);
  };
  const failsAlone = (half: "guest" | "host") =>
    input.pairings.some(
      (pairing, index) => pairing.covers.some((id) => id.startsWith(`${half}/`)) && ended(pairing, index),
    );
  const [byGuest, byHost] = [failsAlone("guest"), failsAlone("host")];
  if (byGuest === byHost) return "pair";
  return byGuest ? "guest" : "host";
}

function endedWell(outcome: Outcome | null): boolean {
  return outcome === null || outcome.end === "ok";
}
