import type { Matrix, MatrixRow } from "../../registry/views.ts";
import { Page } from "../parts/layout.tsx";
import { PrivateAbiNote, StaleNote, StandingNote } from "../parts/standing.tsx";
import { ScrollTable } from "../parts/table.tsx";
import { DigestText, grouped, Moment, plural, TrustText, VendorNote } from "../parts/text.tsx";
import { ConformsBadge, GroupBadge, Legend, StateBadge, VerdictBadge } from "../parts/verdict.tsx";

/** `/`: backends × op groups, and below it every group as ops × backends. */
export function MatrixPage({ matrix }: { matrix: Matrix }) {
  return (
    <Page title="Matrix" json="/index.json" current="matrix">
      <h1>Backends and what they do</h1>
      <p class="lead">
        Each row is a backend’s newest published run, of the current suite, PVI {matrix.suite.pvi}, unless it says that
        it is stale. A group shows the worst verdict of its operations; its name leads to the operations one by one.
      </p>
      <NewSuite matrix={matrix} />
      {matrix.rows.length === 0 ? <p class="notice">No run is published yet.</p> : <Groups matrix={matrix} />}
      <Legend />
      <Waiting matrix={matrix} />
      {matrix.rows.length > 0 && matrix.groups.map((group) => <OpsOfGroup group={group} rows={matrix.rows} />)}
      {matrix.next && (
        <p>
          <a rel="next" href={`/?after=${matrix.next}`}>
            More backends
          </a>
        </p>
      )}
      <p class="quiet">
        Suite <DigestText digest={matrix.suite.digest} />
      </p>
    </Page>
  );
}

/** After the suite has changed: old results stay until there are new ones, and nobody should wonder. */
function NewSuite({ matrix: { rows, suite } }: { matrix: Matrix }) {
  const stale = rows.filter((row) => row.stale);
  if (stale.length === 0) return null;
  const waiting = stale.filter(({ pending }) => pending).length;
  return (
    <p class="notice" role="status">
      The suite is new. Re-running the latest build of every backend on suite <DigestText digest={suite.digest} />:{" "}
      {plural(stale.length, "backend")} of {rows.length} here still with a result of an older suite, {grouped(waiting)}{" "}
      of them with a run under way. An operation that the older suite did not have reads “not run”.
    </p>
  );
}

function Groups({ matrix }: { matrix: Matrix }) {
  return (
    <ScrollTable label="Backends by op group" class="matrix">
      <thead>
        <tr>
          <th scope="col" class="stick">
            Backend
          </th>
          <th scope="col">Core clauses held</th>
          {matrix.groups.map((group) => (
            <th scope="col">
              <a href={`#group-${group.id}`}>{group.id}</a>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {matrix.rows.map((row) => (
          <tr>
            <BackendHeader row={row} />
            <td>
              <a href={`/runs/${row.run.id}`}>
                <ConformsBadge conforms={row.conforms} held={row.held} of={row.of} />
              </a>{" "}
              <StandingNote standing={row.standing} /> <StaleNote stale={row.stale} />
              <PrivateAbiNote privateAbi={row.privateAbi} />
              <span class="sub">
                <TrustText trust={row.trust} />
              </span>
              <span class="sub">
                <Moment at={row.run.at} />
                {row.pending && (
                  <>
                    ; a <a href={`/runs/${row.pending.id}`}>newer run</a> is {row.pending.state}
                  </>
                )}
              </span>
            </td>
            {matrix.groups.map((group) => {
              const count = row.groups[group.id];
              return <td>{count ? <GroupBadge count={count} /> : <VerdictBadge verdict="not-run" />}</td>;
            })}
          </tr>
        ))}
      </tbody>
    </ScrollTable>
  );
}

function BackendHeader({ row }: { row: MatrixRow }) {
  return (
    <th scope="row" class="stick">
      <a href={`/backends/${row.vendor}/${row.backend}`}>
        {row.vendor}/{row.backend}
      </a>
      <span class="sub">
        <a href={`/builds/${row.build}`}>{row.version}</a>, {row.profile}
      </span>
      <VendorNote vendor={row.vendor} unverified={row.unverified} />
    </th>
  );
}

function OpsOfGroup({ group, rows }: { group: Matrix["groups"][number]; rows: MatrixRow[] }) {
  return (
    <section aria-labelledby={`group-${group.id}`}>
      <h2 id={`group-${group.id}`} tabIndex={-1}>
        {group.id} <span class="count">{plural(group.ops.length, "operation")}</span>
      </h2>
      <ScrollTable label={`Operations of group ${group.id} by backend`} class="ops">
        <thead>
          <tr>
            <th scope="col" class="stick">
              Operation
            </th>
            {rows.map((row) => (
              <th scope="col">
                <a href={`/runs/${row.run.id}`}>
                  {row.vendor}/<wbr />
                  {row.backend}
                </a>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {group.ops.map((op) => (
            <tr>
              <th scope="row" class="stick">
                <a href={`/ops/${op}`}>
                  <code>{op}</code>
                </a>
              </th>
              {rows.map((row) => (
                <td>
                  <VerdictBadge verdict={row.cells[op] ?? "not-run"} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </ScrollTable>
    </section>
  );
}

function Waiting({ matrix }: { matrix: Matrix }) {
  if (matrix.waiting.length === 0) return null;
  return (
    <section aria-labelledby="waiting">
      <h2 id="waiting">Without a published run</h2>
      <ScrollTable label="Backends without a published run">
        <thead>
          <tr>
            <th scope="col">Backend</th>
            <th scope="col">Run</th>
            <th scope="col">Since</th>
          </tr>
        </thead>
        <tbody>
          {matrix.waiting.map((entry) => (
            <tr>
              <th scope="row">
                <a href={`/builds/${entry.build}`}>
                  {entry.vendor}/{entry.backend}
                </a>{" "}
                {entry.version}
                <VendorNote vendor={entry.vendor} unverified={entry.unverified} />
              </th>
              <td>
                <a href={`/runs/${entry.run.id}`}>
                  <StateBadge state={entry.run.state} />
                </a>
              </td>
              <td>
                <Moment at={entry.run.at} />
              </td>
            </tr>
          ))}
        </tbody>
      </ScrollTable>
    </section>
  );
}
