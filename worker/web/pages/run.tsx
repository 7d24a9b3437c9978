import type { Child } from "hono/jsx";
import type { RunView } from "../../registry/views.ts";
import { Costs } from "../parts/costs.tsx";
import { Page } from "../parts/layout.tsx";
import { PrivateAbiNote, StaleNote, StandingNote } from "../parts/standing.tsx";
import { Facts, ScrollTable } from "../parts/table.tsx";
import { causeText, DigestText, grouped, ModelNotice, Moment, plural, TrustText, VendorNote } from "../parts/text.tsx";
import { ConformsBadge, Legend, nativeText, StateBadge, VerdictBadge } from "../parts/verdict.tsx";
import { badEntries, pairingText, type ReportCase, type ReportView } from "../report.ts";
import { Failure } from "./failure.tsx";
import { TrustSection } from "./trust.tsx";

const REFRESH_SECONDS = 2;
/** Failures shown in full; one mistake often breaks many cases, and the rest opens on demand. */
const FAILURES_OPEN = 4;

/**
 * `/runs/{id}`: live progress while it runs; then failures first, every op, every event.
 * @param props.suite digest of the current one
 */
export function RunPage({ run, report, suite }: { run: RunView; report: ReportView | null; suite: string }) {
  const finished = run.state === "published" || run.state === "abandoned" || run.state === "cancelled";
  const name = `${run.build.vendor}/${run.build.backend} ${run.build.version}`;
  return (
    <Page
      title={`Run of ${name}`}
      json={`/runs/${run.id}.json`}
      live
      refreshSeconds={finished ? undefined : REFRESH_SECONDS}
    >
      <p class="eyebrow">Run {run.id}</p>
      <h1>{name}</h1>
      <ModelNotice vendor={run.build.vendor} />
      {finished ? <Outcome run={run} /> : <Progress run={run} />}
      {report && <Failures run={run} report={report} />}
      <h2 id="facts">About this run</h2>
      {run.summary && <Tiers summary={run.summary} />}
      <Facts
        rows={[
          [
            "Vendor",
            <>
              <a href={`/vendors/${run.build.vendor}`}>{run.build.vendor}</a>
              <VendorNote vendor={run.build.vendor} unverified={run.build.unverified} />
            </>,
          ],
          ["Build", <DigestText digest={run.build.digest} href={`/builds/${run.build.digest}`} />],
          ["Profile", run.build.profile],
          [
            "Suite",
            <>
              PVI {run.suite.pvi}, <DigestText digest={run.suite.digest} />{" "}
              <StaleNote stale={run.suite.digest !== suite} />
            </>,
          ],
          ["Attempt", <Attempts run={run} />],
          ["Trust", <TrustText trust={run.trust} />],
          ...(run.reportDigest ? [["Report", <ReportLink run={run} />] as [string, Child]] : []),
        ]}
      />
      {report && <Searched report={report} />}
      <TrustSection run={run} />
      {run.ops && <Ops run={run} ops={run.ops} />}
      {report && <Scenarios report={report} />}
      {report && <Cases report={report} />}
      <Events run={run} />
    </Page>
  );
}

function Outcome({ run }: { run: RunView }) {
  if (!run.summary) {
    return (
      <p>
        <StateBadge state={run.state} /> {run.reason}
      </p>
    );
  }
  const { core, conforms, private_abi } = run.summary;
  return (
    <p>
      <ConformsBadge conforms={conforms} held={core.held} of={core.of} /> core clauses held, published{" "}
      <Moment at={run.at} /> <StandingNote standing={run.standing} />
      <PrivateAbiNote privateAbi={private_abi} />
    </p>
  );
}

function Tiers({ summary }: { summary: NonNullable<RunView["summary"]> }) {
  const rows = [
    { tier: "core", counts: { ...summary.core, not_offered: 0 } },
    { tier: "optional", counts: summary.optional },
  ];
  const shown = rows.filter(({ counts }) => counts.of > 0);
  return (
    <ScrollTable label="Clauses by tier and verdict">
      <thead>
        <tr>
          {["Tier", "Held", "Failed", "Error", "Not run", "Not offered", "Clauses in the suite"].map((title) => (
            <th scope="col">{title}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {shown.map(({ tier, counts }) => (
          <tr>
            <th scope="row">{tier}</th>
            <td>{counts.held}</td>
            <td>{counts.failed}</td>
            <td>{counts.error}</td>
            <td>{counts.not_run}</td>
            <td>{counts.not_offered}</td>
            <td>{counts.of}</td>
          </tr>
        ))}
      </tbody>
    </ScrollTable>
  );
}

function Progress({ run }: { run: RunView }) {
  const { shards, shardsDone } = run.progress;
  return (
    <div data-run={`/runs/${run.id}.json`} data-live={`/api/v1/runs/${run.id}/live`}>
      <p role="status" data-line>
        {run.state}: {shardsDone} of {plural(shards, "shard")} done
      </p>
      <progress aria-label="Shards done" max={Math.max(1, shards)} value={shardsDone} />
    </div>
  );
}

/** This attempt, and the way to the others. */
function Attempts({ run }: { run: RunView }) {
  const others = run.attempts.filter(({ id }) => id !== run.id);
  return (
    <>
      {run.attempt}, {causeText[run.cause]}
      {others.map((other) => (
        <>
          {"; "}
          <a href={`/runs/${other.id}`}>attempt {other.attempt}</a> {other.state}
        </>
      ))}
    </>
  );
}

function ReportLink({ run }: { run: RunView }) {
  return (
    <>
      <a href={`/api/v1/runs/${run.id}/report`}>canonical JSON</a>, <DigestText digest={run.reportDigest ?? ""} />
    </>
  );
}

function Failures({ run, report }: { run: RunView; report: ReportView }) {
  const bad = badEntries(report);
  if (bad.length === 0) {
    return run.summary?.conforms ? <p>Every core clause of its profile was run and held. No case failed.</p> : null;
  }
  return (
    <section aria-labelledby="failures">
      <h2 id="failures">{plural(bad.length, "failure")}</h2>
      {bad.slice(0, FAILURES_OPEN).map((entry) => (
        <Failure entry={entry} report={report} />
      ))}
      {bad.slice(FAILURES_OPEN).map((entry) => (
        <details>
          <summary>
            <VerdictBadge verdict={entry.verdict} /> <code>{entry.failure.clause ?? entry.id}</code>{" "}
            {entry.failure.seen}
          </summary>
          <Failure entry={entry} report={report} />
        </details>
      ))}
    </section>
  );
}

function Ops({ run, ops }: { run: RunView; ops: NonNullable<RunView["ops"]> }) {
  return (
    <section aria-labelledby="ops">
      <h2 id="ops">Every operation</h2>
      <ScrollTable label={`Operations of run ${run.id}`}>
        <thead>
          <tr>
            <th scope="col">Operation</th>
            <th scope="col">Verdict</th>
            <th scope="col">Clauses held</th>
            <th scope="col">Counted over all its cases</th>
          </tr>
        </thead>
        <tbody>
          {ops.map((op) => {
            const verdicts = Object.values(op.clauses);
            return (
              <tr>
                <th scope="row">
                  <a href={`/ops/${op.id}`}>
                    <code>{op.id}</code>
                  </a>
                </th>
                <td>
                  <VerdictBadge verdict={op.verdict} text={op.native ? nativeText : undefined} />
                </td>
                <td class="nowrap">
                  {verdicts.filter((verdict) => verdict === "pass").length} of {verdicts.length}
                </td>
                <td>
                  <Costs costs={op.costs} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </ScrollTable>
      <Legend />
    </section>
  );
}

/** How far the search went: a bound that was not exhausted is said, never hidden. */
function Searched({ report }: { report: ReportView }) {
  const explored = report.cases.filter(({ schedules }) => schedules.bound > 0 || schedules.tried > 1);
  if (explored.length === 0) return null;
  const tried = explored.reduce((sum, { schedules }) => sum + schedules.tried, 0);
  const whole = explored.filter(({ schedules }) => schedules.exhausted).length;
  return (
    <p>
      Searched {plural(tried, "schedule")} of {plural(explored.length, "case")} in their pairings: every schedule within
      the bound in {grouped(whole)}, as many as the budget allows in {grouped(explored.length - whole)}.
    </p>
  );
}

/** `searched 12 schedules, all within bound 2`. */
function searchText({ tried, exhausted, bound }: ReportCase["schedules"]): string {
  if (tried === 0) return "not run";
  const many = `searched ${plural(tried, "schedule")}`;
  if (bound === 0) return many;
  return exhausted ? `${many}, all within bound ${bound}` : `${many}; bound ${bound} not exhausted`;
}

function Scenarios({ report: { scenarios } }: { report: ReportView }) {
  if (scenarios.length === 0) return null;
  return (
    <section aria-labelledby="scenarios">
      <h2 id="scenarios">What it costs</h2>
      <p>
        Counted in one fixed schedule, never timed; the reference builds and the published numbers stand in
        docs/costs.md.
      </p>
      <ScrollTable label="Costs by scenario" class="wrap">
        <thead>
          <tr>
            <th scope="col">Scenario</th>
            <th scope="col">Pairing</th>
            <th scope="col">Counted</th>
          </tr>
        </thead>
        <tbody>
          {scenarios.flatMap(({ id, peer, end, scopes }) =>
            scopes.map(({ title, counters }) => (
              <tr>
                <th scope="row">
                  {id.replace("cost-", "")}
                  <span class="sub">{title}</span>
                </th>
                <td>{peer}</td>
                <td>{end === "ok" ? <Costs costs={counters} /> : `ended as ${end}`}</td>
              </tr>
            )),
          )}
        </tbody>
      </ScrollTable>
    </section>
  );
}

function Cases({ report }: { report: ReportView }) {
  return (
    <details>
      <summary>All {plural(report.cases.length, "case")} of the suite, as run</summary>
      <ScrollTable label="All cases of the run">
        <thead>
          <tr>
            <th scope="col">Case</th>
            <th scope="col">Pairing</th>
            <th scope="col">Verdict</th>
            <th scope="col">Search</th>
          </tr>
        </thead>
        <tbody>
          {report.cases.map((entry) => (
            <tr>
              <th scope="row">
                <code>{entry.id}</code>
              </th>
              <td>{pairingText(entry.peer)}</td>
              <td>
                <VerdictBadge verdict={entry.verdict} />
              </td>
              <td>{searchText(entry.schedules)}</td>
            </tr>
          ))}
        </tbody>
      </ScrollTable>
    </details>
  );
}

function Events({ run }: { run: RunView }) {
  return (
    <section aria-labelledby="events">
      <h2 id="events">What happened to this run</h2>
      <ol class="events">
        {run.events.map((event) => (
          <li>
            <time dateTime={event.at}>{event.at.replace("T", " ").replace("Z", " UTC")}</time>
            {event.type.replace(/^run\./, "")} <span class="quiet">by {event.actor}</span>
            {event.detail && <span class="sub">{event.detail}</span>}
          </li>
        ))}
      </ol>
    </section>
  );
}
