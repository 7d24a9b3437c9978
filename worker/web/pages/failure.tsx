import { traceWords } from "../../../conformance/runner/trace-words.ts";
import { Facts, ScrollTable } from "../parts/table.tsx";
import { grouped, plural } from "../parts/text.tsx";
import { VerdictBadge } from "../parts/verdict.tsx";
import { type BadEntry, pairingText, type ReportFailure, type ReportView } from "../report.ts";

/** Last events shown at once; the whole trace is in the report. */
const TRACE_ROWS_MAX = 160;

const chargedText = {
  guest: "the guest half: it fails only where this guest half runs",
  host: "the host half: it fails only where this host half runs",
  pair: "the pair of halves, neither alone",
};

/** One failed case: the rule, what was expected, what was seen, where, and the schedule that shows it again. */
export function Failure({ entry, report }: { entry: BadEntry; report: ReportView }) {
  const { failure } = entry;
  const sentence = failure.clause ? report.clauseTexts[failure.clause] : undefined;
  const id = `${entry.id}-${entry.peer}`.replaceAll("/", "-");
  return (
    <article class={`failure is-${entry.verdict}`} aria-labelledby={id}>
      <h3 id={id}>
        <VerdictBadge verdict={entry.verdict} />
        <code>{failure.clause ?? entry.id}</code>
      </h3>
      {sentence && <blockquote>{sentence}</blockquote>}
      <Facts
        rows={[
          ...(failure.note ? [["Checked", failure.note] as [string, string]] : []),
          [
            "Expected",
            failure.expected === sentence || failure.expected === "the clause holds"
              ? "what the clause says"
              : failure.expected,
          ],
          ["Seen", <Seen failure={failure} />],
          ["Case", <CaseText entry={entry} />],
          ["Where", placeText(failure)],
          ["Charged to", chargedText[failure.charged]],
          ["Schedule", <Schedule entry={entry} />],
        ]}
      />
      {failure.trace.length > 0 && <Trace trace={failure.trace} cut={failure.trace_cut ?? 0} caseId={id} />}
    </article>
  );
}

/** A machine that got stuck has its reason for what was seen; an expectation that failed has its value. */
function Seen({ failure: { kind, seen, reason } }: { failure: ReportFailure }) {
  if (kind === "stuck" && reason !== "") return <strong>{reason}</strong>;
  return (
    <>
      <strong>{seen}</strong>
      {kind !== "expect" && reason !== seen && reason !== "" && <span class="sub">{reason}</span>}
    </>
  );
}

function CaseText({ entry }: { entry: BadEntry }) {
  if (entry.id === "boot") return <>the machine’s start, before any case; {pairingText(entry.peer)}</>;
  return (
    <>
      <code>{entry.id}</code>; {pairingText(entry.peer)}
    </>
  );
}

/** `lock.kick, host half, function exit, byte offset 1204, vCPU 1 (role kicker)`, as far as it is known. */
function placeText(failure: ReportFailure): string {
  const { op, half, offset, vcpu, role } = failure;
  const parts = [
    op,
    half && (half === "guest" || half === "host" ? `${half} half` : half),
    failure.function && `function ${failure.function.replace(/^function /, "")}`,
    offset !== null && `byte offset ${offset}`,
    vcpu !== null && `vCPU ${vcpu}${role && role !== "vCPU" ? ` (role ${role})` : ""}`,
  ];
  return parts.filter((part) => typeof part === "string" && part !== "").join(", ") || "the machine as a whole";
}

function Schedule({ entry: { id, peer, failure } }: { entry: BadEntry }) {
  if (id === "boot") return <>none: the machine did not start</>;
  return (
    <>
      {failure.schedule ? (
        <span class="copy" data-copy>
          <code>{failure.schedule}</code>
        </span>
      ) : (
        "the first one: in order, without any choice"
      )}
      <span class="sub">
        {plural(failure.steps, "step")}. Replay it anywhere:
        <code class="replay">
          npx parley test DIR --case {id} --pairing {peer} --schedule '{failure.schedule}'
        </code>
      </span>
    </>
  );
}

type TraceRow = ReportFailure["trace"][number];

/** The last events as a timeline: one row per event, one column per vCPU. */
function Trace({ trace, cut, caseId }: { trace: TraceRow[]; cut: number; caseId: string }) {
  const shown = trace.slice(-TRACE_ROWS_MAX);
  const vcpus = [...new Set(shown.map((row) => row.v))].sort((a, b) => a - b);
  const all = cut + trace.length;
  const first = all - shown.length + 1;
  const summary = `What happened, by vCPU: ${first > 1 ? `the last ${shown.length} of ${grouped(all)} events` : plural(all, "event")}`;
  return (
    <details open={shown.length <= 24}>
      <summary>{summary}</summary>
      <ScrollTable label={`Trace of ${caseId} by vCPU`} class="trace">
        <thead>
          <tr>
            <th scope="col" class="num">
              Event
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
      {row.what} {traceWords(row)}
    </>
  );
}
