import type { Child } from "hono/jsx";
import type { OpDefinition, OpView } from "../../registry/op-views.ts";
import { CaseList } from "../parts/cases.tsx";
import { countersOf, counterText } from "../parts/costs.tsx";
import { Page } from "../parts/layout.tsx";
import { StaleNote, StandingNote } from "../parts/standing.tsx";
import { Facts, ScrollTable } from "../parts/table.tsx";
import { DigestText, grouped, VendorNote } from "../parts/text.tsx";
import { Legend, nativeText, VerdictBadge } from "../parts/verdict.tsx";

/** `/ops/{id}`: what the op means, clause by clause, who passes, and at what cost. */
export function OpPage({ view }: { view: OpView }) {
  const { op, suite } = view;
  return (
    <Page title={op.id} json={`/ops/${op.id}.json`}>
      <p class="eyebrow">
        <a href={`/#group-${op.group}`}>{op.group}</a> in PVI {suite.pvi}
      </p>
      <h1>
        <code>{op.id}</code>
      </h1>
      <p class="lead">{op.summary}</p>
      <About op={op} />
      <ClauseTable view={view} />
      <Legend />
      <Latitude op={op} />
      <DefinedBy op={op} />
      <CostTable view={view} />
      <p class="quiet">
        Suite <DigestText digest={suite.digest} />
      </p>
    </Page>
  );
}

function About({ op }: { op: OpDefinition }) {
  const tiers = Object.entries(op.tiers).map(([profile, tier]) => `${profile}: ${tier}`);
  const meaning = op.native ? "yes: a guest half may leave it to the machine’s own instruction" : "no";
  return (
    <Facts
      rows={[
        ...(op.rule ? [] : [["Signature", <code>{op.signature}</code>] as [string, Child]]),
        ...op.params.map(({ name, meaning }): [string, Child] => [`Parameter ${name}`, meaning]),
        ...(op.result ? [["Returns", op.result] as [string, Child]] : []),
        ["Tiers", tiers.join("; ")],
        op.rule
          ? ["Kind", "a rule for all operations: it is graded like one, and nobody calls it"]
          : ["Native meaning", meaning],
      ]}
    />
  );
}

function ClauseTable({ view }: { view: OpView }) {
  return (
    <section aria-labelledby="clauses">
      <h2 id="clauses">Clauses, and who keeps them</h2>
      <ScrollTable label="Clauses by backend" class="wrap">
        <thead>
          <tr>
            <th scope="col">Clause</th>
            <th scope="col">What must hold</th>
            {view.results.map((result) => (
              <th scope="col">
                <a href={`/runs/${result.run}`}>
                  {result.vendor}/<wbr />
                  {result.backend}
                </a>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {view.op.clauses.map((clause) => (
            <tr id={clause.id}>
              <th scope="row" class="nowrap">
                <code>{clause.id}</code>
              </th>
              <td class="prose">
                {clause.text}
                <span class="sub">Source: {clause.source}</span>
                <CaseList cases={clause.cases} />
              </td>
              {view.results.map((result) => (
                <td>
                  <VerdictBadge verdict={result.clauses[clause.id] ?? "not-run"} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </ScrollTable>
    </section>
  );
}

/** What an implementation is free to do, and how this interface decided where published ones disagree. */
function Latitude({ op: { deviations, decisions } }: { op: OpDefinition }) {
  if (deviations.length === 0 && decisions.length === 0) return null;
  return (
    <section aria-labelledby="latitude">
      <h2 id="latitude">What is left open, and what was decided</h2>
      <Facts
        rows={[
          ...deviations.map((text): [string, Child] => ["Allowed", text]),
          ...decisions.map(({ conflict, choice }): [string, Child] => [
            "Decided",
            <>
              <strong>{choice}</strong>
              <span class="sub">{conflict}</span>
            </>,
          ]),
        ]}
      />
    </section>
  );
}

function DefinedBy({ op: { definedBy } }: { op: OpDefinition }) {
  if (definedBy.length === 0) return null;
  return (
    <section aria-labelledby="defined">
      <h2 id="defined">Who defines it where</h2>
      <ScrollTable label="Published definitions by system" class="wrap">
        <thead>
          <tr>
            <th scope="col">System</th>
            <th scope="col">Published as</th>
          </tr>
        </thead>
        <tbody>
          {definedBy.map(({ system, sources }) => (
            <tr>
              <th scope="row">{system}</th>
              <td class="prose">{sources.join("; ")}</td>
            </tr>
          ))}
        </tbody>
      </ScrollTable>
    </section>
  );
}

function CostTable({ view }: { view: OpView }) {
  if (view.results.length === 0) return <p class="notice">No backend has a published run yet.</p>;
  const counters = countersOf(view.results);
  return (
    <section aria-labelledby="costs">
      <h2 id="costs">At what cost</h2>
      <p>Counted by the machine over all cases of the operation, never timed: the same numbers on every computer.</p>
      <ScrollTable label="Costs by backend" class="wrap">
        <thead>
          <tr>
            <th scope="col">Backend</th>
            <th scope="col">Profile</th>
            <th scope="col">Verdict</th>
            {counters.map((name) => (
              <th scope="col" class="num">
                {counterText(name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {view.results.map((result) => (
            <tr>
              <th scope="row">
                <a href={`/builds/${result.build}`}>
                  {result.vendor}/{result.backend}
                </a>{" "}
                {result.version}
                <VendorNote vendor={result.vendor} unverified={result.unverified} />
                <StandingNote standing={result.standing} /> <StaleNote stale={result.stale} />
              </th>
              <td>{result.profile}</td>
              <td>
                <VerdictBadge verdict={result.verdict} text={result.native ? nativeText : undefined} />
              </td>
              {counters.map((name) => (
                <td class="num">{grouped(result.costs[name] ?? 0)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </ScrollTable>
    </section>
  );
}
