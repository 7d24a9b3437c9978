/** Keeps a report within 4 MiB: what goes first is evidence of what passed, then traces, the last failures' first. */
import { canonicalBytes } from "./canonical.ts";
import { RunnerError } from "./errors.ts";
import type { Report } from "./report.ts";

export const REPORT_BYTES_MAX = 4 * 1024 * 1024;
/** One trace, as canonical JSON. */
export const TRACE_BYTES_MAX = 256 * 1024;

/** Room for the marks that a cut adds. */
const MARK_BYTES = 32;

/** Canonical bytes of the report, cut with a mark where it would be too large. Deterministic: it looks at the report alone. */
export function boundedBytes(report: Report, max: number = REPORT_BYTES_MAX): Uint8Array<ArrayBuffer> {
  for (const failure of failuresOf(report)) boundTrace(failure, TRACE_BYTES_MAX);
  const whole = canonicalBytes(report);
  if (whole.length <= max) return whole;
  let size = whole.length;
  for (const cut of cuts(report)) {
    if (size <= max) break;
    size -= cut() - MARK_BYTES;
  }
  const bytes = canonicalBytes(report);
  if (bytes.length <= max) return bytes;
  throw new RunnerError(
    "report-too-large",
    `The report has ${bytes.length} bytes after every cut; ${max} are allowed. Let the suite have fewer cases.`,
  );
}

type Failure = Report["boots"][number]["failure"];

function failuresOf(report: Report): Failure[] {
  return [...report.boots.map((boot) => boot.failure), ...report.cases.flatMap((item) => item.failure ?? [])];
}

/** What may go, in that order; each returns the bytes it saved. */
function* cuts(report: Report): Generator<() => number> {
  for (const item of report.cases.toReversed()) {
    if (item.verdict !== "pass" || item.outcomes.length === 0) continue;
    yield () => {
      const saved = canonicalBytes(item.outcomes).length;
      item.outcomes = [];
      item.outcomes_cut = true;
      return saved;
    };
  }
  for (const failure of failuresOf(report).toReversed()) yield () => boundTrace(failure, 0);
}

/** Drops the earliest entries until the trace fits; returns the bytes it saved. */
function boundTrace(failure: Failure, max: number): number {
  const sizes = failure.trace.map((entry) => canonicalBytes(entry).length + 1);
  const before = sizes.reduce((sum, size) => sum + size, 0);
  let total = before;
  let drop = 0;
  while (drop < sizes.length && total > max) total -= sizes[drop++] ?? 0;
  if (drop === 0) return 0;
  failure.trace = failure.trace.slice(drop);
  failure.trace_cut = (failure.trace_cut ?? 0) + drop;
  return before - total;
}
