import type { GroupCount, RunState, Verdict } from "../../registry/views.ts";

/** Drawn, not typed: the five marks look the same whatever fonts a reader has. On a 16 × 16 grid. */
const marks: Record<Verdict, string> = {
  pass: "M2.5 8.5 6.5 12.5 13.5 3.5",
  fail: "M3.5 3.5 12.5 12.5M12.5 3.5 3.5 12.5",
  error: "M8 2V9.5M8 12.8V14",
  "not-offered": "M3 8H13",
  "not-run": "M13 8A5 5 0 1 1 3 8A5 5 0 1 1 13 8M3.5 13.5 12.5 2.5",
};

const meanings: Record<Verdict, string> = {
  pass: "every clause was run and held",
  fail: "a clause did not hold",
  error: "trap, fuel exhausted or link failure",
  "not-offered": "optional, and this build does not declare it",
  "not-run": "not reached or cut short; never counted as a pass",
};

/** Instead of `pass`: the build leaves this operation to the machine's own instruction, and every clause held. */
export const nativeText = "pass, native";

/** From worst to best, as an op takes the worst verdict of its clauses (docs/architecture.md). */
export const worstFirst: readonly Verdict[] = ["fail", "error", "not-run", "not-offered", "pass"];

export function words(verdict: Verdict): string {
  return verdict.replace("-", " ");
}

export function Mark({ verdict }: { verdict: Verdict }) {
  return (
    <svg
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width="2.4"
      stroke-linecap="round"
      aria-hidden="true"
    >
      <path d={marks[verdict]} />
    </svg>
  );
}

/** Mark, word and colour of a verdict; `text` replaces the word where a count says more. */
export function VerdictBadge({ verdict, text }: { verdict: Verdict; text?: string | undefined }) {
  return (
    <span class={`verdict ${verdict}`}>
      <Mark verdict={verdict} />
      {text ?? words(verdict)}
    </span>
  );
}

/** The worst verdict of a group, and how many ops ended in it. */
export function worstOf(count: GroupCount): { verdict: Verdict; ops: number } {
  const byVerdict: Record<Verdict, number> = {
    fail: count.fail,
    error: count.error,
    "not-run": count.notRun,
    "not-offered": count.notOffered,
    pass: count.pass,
  };
  const verdict = worstFirst.find((candidate) => byVerdict[candidate] > 0) ?? "not-run";
  return { verdict, ops: byVerdict[verdict] };
}

/** `not offered` alone is no flaw, so a group of passes and absences reads as its passes. */
export function GroupBadge({ count }: { count: GroupCount }) {
  const { verdict, ops } = worstOf(count);
  const share = `${count.pass}/${count.of} pass`;
  if (verdict === "pass") return <VerdictBadge verdict="pass" text={share} />;
  return (
    <span class="cell">
      <VerdictBadge verdict={verdict} text={`${ops} ${words(verdict)}`} />
      <span class="sub">{share}</span>
    </span>
  );
}

/** What the five words mean, under every table that uses them. */
export function Legend() {
  return (
    <ul class="legend" aria-label="What the verdicts mean">
      {worstFirst.toReversed().map((verdict) => (
        <li>
          <VerdictBadge verdict={verdict} /> {meanings[verdict]}
        </li>
      ))}
      <li>
        <VerdictBadge verdict="pass" text={nativeText} /> left to the machine’s own instruction
      </li>
    </ul>
  );
}

/** State of a run that has no verdict yet or never will. */
export function StateBadge({ state }: { state: RunState }) {
  if (state === "abandoned" || state === "cancelled") return <VerdictBadge verdict="not-run" text={state} />;
  return <span class="verdict waiting">… {state}</span>;
}

export function ConformsBadge({ conforms, held, of }: { conforms: boolean; held: number; of: number }) {
  const text = `${conforms ? "conforms" : "does not conform"}, ${held}/${of}`;
  return <VerdictBadge verdict={conforms ? "pass" : "fail"} text={text} />;
}
