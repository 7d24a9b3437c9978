import { ScrollTable } from "../parts/table.tsx";
import { plural } from "../parts/text.tsx";
import { VerdictBadge } from "../parts/verdict.tsx";
import type { ReportCase, ReportFailure, ReportView, TraceRow } from "../report.ts";

/** Last steps shown at once; the whole trace is in the report. */
const TRACE_ROWS_MAX = 60;

/** One failed case: the rule, what was expected, what was seen, where, and the schedule that shows it again. */
export function Failure({ entry, report }: { entry: ReportCase; report: ReportView }) {
  const { failure } = entry;
  if (!failure) return null;
  const text = failure.clause ? report.clauseTexts[failure.clause] : undefined;
  const id = `case-${entry.id}-${entry.peer ?? "own"}`;
  return (
    <article class={`failure is-${entry.verdict}`} aria-labelledby={id}>
      <h3 id={id}>
        <VerdictBadge verdict={entry.verdict} />
        <code>{failure.clause ?? entry.id}</code>
      </h3>
      {text && <blockquote>{text}</blockquote>}
      <dl class="facts">
        <dt>Expected</dt>
        <dd>{failure.expected || "the case to end without error"}</dd>
        <dt>Seen</dt>
        <dd>
          <strong>{failure.seen || failure.reason}</strong>
          {failure.note && <span class="sub">{failure.note}</span>}
        </dd>
        <dt>Case</dt>
        <dd>
          <code>{entry.id}</code>
          {entry.peer && <> against the reference half of {entry.peer}</>}
        </dd>
        <dt>Where</dt>
        <dd>{placeText(failure)}</dd>
        <dt>Schedule</dt>
        <dd>
          <Schedule entry={entry} failure={failure} />
        </dd>
      </dl>
      {failure.trace.length > 0 && <Trace trace={failure.trace} caseId={entry.id} />}
    </article>
  );
}

/** `in lock.kick, host half, function hypercall at byte 1 204`, as far as it is known. */
function placeText(failure: ReportFailure): string {
  const parts = [
    failure.op && `op ${failure.op}`,
    failure.half && `${failure.half} half`,
    failure.function && `function ${failure.function}`,
    failure.offset !== null && failure.offset !== undefined && `byte offset ${failure.offset}`,
  ].filter((part) => typeof part === "string");
  return parts.length > 0 ? parts.join(", ") : "in the machine as a whole";
}

function Schedule({ entry, failure }: { entry: ReportCase; failure: ReportFailure }) {
  const schedule = failure.schedule || "default";
  return (
    <>
      <span class="copy" data-copy>
        <code>{schedule}</code>
      </span>
      <span class="sub">
        {plural(failure.steps, "step")}. Replay it anywhere:{" "}
        <code>
          npx parley test DIR --case {entry.id} --schedule '{schedule}'
        </code>
      </span>
    </>
  );
}

/** The last steps as a timeline: one row per step, one column per vCPU. */
function Trace({ trace, caseId }: { trace: TraceRow[]; caseId: string }) {
  const shown = trace.slice(-TRACE_ROWS_MAX);
  const vcpus = [...new Set(shown.map((row) => row.v))].sort((a, b) => a - b);
  const first = trace.length - shown.length + 1;
  const summary =
    first > 1
      ? `What happened: the last ${shown.length} of ${trace.length} steps`
      : `What happened: ${plural(shown.length, "step")}`;
  return (
    <details open={shown.length <= 24}>
      <summary>{summary}, by vCPU</summary>
      <ScrollTable label={`Trace of ${caseId} by vCPU`} class="trace">
        <thead>
          <tr>
            <th scope="col" class="num">
              Step
            </th>
            {vcpus.map((v) => (
              <th scope="col">vCPU {v}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row, index) => (
            <tr class={index === shown.length - 1 ? "last" : undefined}>
              <th scope="row" class="num">
                {first + index}
              </th>
              {vcpus.map((v) => (
                <td>{v === row.v && <Step row={row} />}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </ScrollTable>
    </details>
  );
}

function Step({ row }: { row: TraceRow }) {
  return (
    <>
      <span class="layer">{row.layer}</span> {row.op && `${row.op} `}
      {row.what} {row.a} {row.b}
    </>
  );
}
