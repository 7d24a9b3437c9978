/** A report in words: failures first, then every op, then the one line that counts. */
import type { Report, ReportCase } from "../runner/report.ts";
import type { ReportFailure } from "../runner/report-failure.ts";
import { traceWords } from "../runner/trace-words.ts";
import type { Suite } from "../runner/types.ts";
import { paint, verdictWord } from "./words.ts";

const TRACE_LINES = 40;

export interface RenderContext {
  suite: Suite;
  /** As the user gave it, for the replay command. */
  directory: string;
  /** Of the report; null after a deep search, whose report is nobody else's. */
  digest: string | null;
  /** Cases that were run alone; empty if all were. */
  cases: readonly string[];
}

export function renderReport(report: Report, context: RenderContext): string {
  const boots = report.boots.map(({ peer, failure }) => renderBoot(peer, failure));
  const failures = report.cases
    .filter((item) => item.failure && !item.failure.boot)
    .map((item) => renderFailure(item, context));
  const summary = context.cases.length > 0 ? renderCases(report, context) : renderSummary(report, context);
  return [...boots, ...failures, renderOps(report), summary].join("\n");
}

/** Of some cases alone: a line for each, how it ended. What the others would say is unknown. */
function renderCases(report: Report, { cases }: RenderContext): string {
  const lines = cases.map((id) => {
    const runs = report.cases.filter((item) => item.id === id);
    const bad = runs.filter((item) => !isGood(item));
    const pairings = runs.length === 1 ? "its one pairing" : `all of its ${runs.length} pairings`;
    if (bad.length === 0)
      return `${paint(["green", "bold"], "✓ conforms")} as far as ${id} goes: it holds in ${pairings}`;
    const peers = bad.map((item) => `${item.peer} (${item.verdict})`).join(", ");
    return `${paint(["red", "bold"], "✗ does not conform")}: ${id} does not hold in ${peers}`;
  });
  return ["", ...lines, ""].join("\n");
}

/** Whether a case, run in one pairing, speaks for the build. */
export function isGood({ verdict }: ReportCase): boolean {
  return verdict === "pass" || verdict === "not-offered";
}

/** A line for each explored case: how far it was searched. */
export function renderSearches(report: Report, suite: Suite): string {
  const explored = new Set(suite.cases.filter(({ mode }) => mode === "explored").map(({ id }) => id));
  const lines = report.cases
    .filter(({ id }) => explored.has(id))
    .map(({ id, peer, schedules: { tried, bound, exhausted } }) => {
      const what = `searched ${tried} schedules with ${bound} preemptions`;
      return `${id} (${peer}): ${what}, bound exhausted: ${exhausted ? "yes" : "no"}\n`;
    });
  return lines.join("");
}

function renderBoot(peer: string, failure: ReportFailure): string {
  const title = `${verdictWord("error")} ${paint("bold", "boot")}  pairing ${peer} did not boot; its cases have this verdict`;
  return [title, ...facts(failure), ...stack(failure), ""].join("\n");
}

/** One failed case: clause and sentence, expected and seen, where, and how to see it again. */
export function renderFailure(item: ReportCase, context: RenderContext): string {
  const { failure } = item;
  if (!failure) return "";
  const text = context.suite.clauses.find((clause) => clause.id === failure.clause)?.text ?? "";
  const lines = [
    `${verdictWord(item.verdict)} ${paint("bold", failure.clause ?? item.id)}  ${text}`.trimEnd(),
    fact("case", `${item.id} in pairing ${item.peer}`),
  ];
  if (failure.clause === null) lines.push(fact("claims", item.clauses.map((clause) => clause.id).join(", ")));
  lines.push(...facts(failure));
  lines.push(fact("schedule", failure.schedule === "" ? "none" : `${failure.schedule} (${failure.steps} steps)`));
  lines.push(
    fact(
      "again",
      `npx parley test ${context.directory} --case ${item.id} --schedule '${failure.schedule}' --pairing ${item.peer}`,
    ),
  );
  return [...lines, ...stack(failure), ""].join("\n");
}

function facts(failure: ReportFailure): string[] {
  const place = [
    failure.half && `${failure.half} half`,
    failure.function && `function ${failure.function}`,
    failure.offset !== null && `offset ${failure.offset}`,
    failure.vcpu !== null && `vCPU ${failure.vcpu}`,
  ].filter(Boolean);
  return [
    ...(failure.op ? [fact("op", failure.op)] : []),
    fact("expected", failure.expected),
    fact("seen", failure.seen),
    ...(failure.note ? [fact("note", failure.note)] : []),
    fact("reason", failure.reason),
    ...(place.length > 0 ? [fact("in", place.join(", "))] : []),
    fact("charged to", failure.charged === "pair" ? "the pair of halves" : `the ${failure.charged} half`),
  ];
}

function stack(failure: ReportFailure): string[] {
  return failure.stack.map((frame, index) => fact(index === 0 ? "stack" : "", frame));
}

function fact(name: string, value: string): string {
  return `    ${paint("dim", name.padEnd(11))}${value}`;
}

/** The last lines of a failure's trace. */
export function renderTrace(failure: ReportFailure): string {
  const shown = failure.trace.slice(-TRACE_LINES);
  const cut = failure.trace.length - shown.length + (failure.trace_cut ?? 0);
  const lines = shown.map((entry) =>
    `    ${column(entry.v < 0 ? "host" : `vCPU ${entry.v}`, 8)}${column(entry.layer, 8)}${column(entry.op ?? "", 24)}${column(entry.what, 28)}${traceWords(entry)}`.trimEnd(),
  );
  return [...(cut > 0 ? [`    … ${cut} earlier steps`] : []), ...lines].join("\n");
}

/** Text in a column of `width` characters, of which the last stays blank; longer text makes its column wider. */
function column(text: string, width: number): string {
  return `${text.padEnd(width - 1)} `;
}

function renderOps(report: Report): string {
  return report.ops
    .map((op) => {
      const held = op.clauses.filter((clause) => clause.verdict === "pass").length;
      return `${verdictWord(op.verdict)} ${op.id.padEnd(24)}${held}/${op.clauses.length} clauses${op.native ? "  native" : ""}`;
    })
    .join("\n");
}

function renderSummary(report: Report, context: RenderContext): string {
  const { conforms, core, profile, private_abi } = report.summary;
  const counts = `${core.held} of ${core.of} core clauses held, ${core.failed} failed, ${core.error} in error, ${core.not_run} not run`;
  const verdict = conforms ? paint(["green", "bold"], "✓ conforms") : paint(["red", "bold"], "✗ does not conform");
  return [
    "",
    `${verdict} to PVI ${report.suite.pvi} in profile ${profile}${private_abi ? " (private ABI: own halves only)" : ""}: ${counts}`,
    `build ${report.build}`,
    `suite ${report.suite.digest}`,
    ...(context.digest ? [`report ${context.digest}`] : []),
    "",
  ].join("\n");
}
