import type { Child } from "hono/jsx";
import type { BlobRef, BuildView, RevocationView } from "../../registry/views.ts";
import { Page } from "../parts/layout.tsx";
import { StandingNote } from "../parts/standing.tsx";
import { Facts, ScrollTable } from "../parts/table.tsx";
import { bytesText, causeText, DigestText, ModelNotice, Moment, provenanceText, VendorNote } from "../parts/text.tsx";
import { ConformsBadge, StateBadge } from "../parts/verdict.tsx";

/** `/builds/{digest}`: what was submitted, and every run of it. */
export function BuildPage({ build }: { build: BuildView }) {
  return (
    <Page title={`${build.vendor}/${build.backend} ${build.version}`} json={`/builds/${build.digest}.json`}>
      <p class="eyebrow">Build</p>
      <h1>
        {build.vendor}/{build.backend} {build.version}
      </h1>
      <ModelNotice vendor={build.vendor} />
      <Facts
        rows={[
          ["Digest", <code>{build.digest}</code>],
          ["Vendor", <VendorName build={build} />],
          ["Profile", build.profile],
          ["Machine", build.machine],
          ["ABI", build.abi ? `${build.abi.name}/${build.abi.version}` : "none: the halves speak no ABI of their own"],
          ["Guest half", <Half blob={build.guest} name="guest" />],
          ["Host half", <Half blob={build.host} name="host" />],
          ["ROM", <Half blob={build.rom} name="rom" />],
          ["Submitted", <Moment at={build.submittedAt} />],
          ["Provenance", provenanceText(build.provenance)],
          ...(build.revoked ? [["Withdrawn", <Withdrawn build={build.revoked} />] as [string, Child]] : []),
        ]}
      />
      <Runs build={build} />
      <h2>Manifest</h2>
      <ScrollTable label="Manifest of the build">
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">Value</th>
          </tr>
        </thead>
        <tbody>
          {Object.entries(build.manifest).map(([name, value]) => (
            <tr>
              <th scope="row">
                <code>{name}</code>
              </th>
              <td>
                <code>{typeof value === "string" ? value : JSON.stringify(value)}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </ScrollTable>
    </Page>
  );
}

function VendorName({ build }: { build: BuildView }) {
  return (
    <>
      <a href={`/vendors/${build.vendor}`}>{build.vendor}</a>, backend{" "}
      <a href={`/backends/${build.vendor}/${build.backend}`}>{build.backend}</a>
      <VendorNote vendor={build.vendor} unverified={build.unverified} />
    </>
  );
}

function Withdrawn({ build: { at, actor, reason } }: { build: RevocationView }) {
  return (
    <>
      <StandingNote standing="revoked" /> <Moment at={at} /> by {actor.replace(":", " ")}: {reason}
    </>
  );
}

function Half({ blob, name }: { blob: BlobRef | null; name: string }) {
  if (!blob) return <span class="quiet">not part of this build</span>;
  return (
    <>
      {name}.wasm, {bytesText(blob.sizeBytes)}, <DigestText digest={blob.digest} />
    </>
  );
}

function Runs({ build }: { build: BuildView }) {
  return (
    <section aria-labelledby="runs">
      <h2 id="runs">Runs, newest first</h2>
      <ScrollTable label="Runs of this build">
        <thead>
          <tr>
            <th scope="col">Run</th>
            <th scope="col">Result</th>
            <th scope="col">Suite</th>
            <th scope="col">Attempt</th>
            <th scope="col">Since</th>
          </tr>
        </thead>
        <tbody>
          {build.runs.map((run) => (
            <tr>
              <th scope="row">
                <a href={`/runs/${run.id}`}>
                  <code>{run.id}</code>
                </a>
              </th>
              <td>
                {run.conforms !== null && run.score ? (
                  <ConformsBadge conforms={run.conforms} held={run.score.held} of={run.score.of} />
                ) : (
                  <StateBadge state={run.state} />
                )}{" "}
                <StandingNote standing={run.standing} />
                {run.execution === "reproduced" && <span class="sub">reproduced by a verified party</span>}
              </td>
              <td>
                PVI {run.suite.pvi}, <DigestText digest={run.suite.digest} />
              </td>
              <td>
                {run.attempt}, {causeText[run.cause]}
              </td>
              <td>
                <Moment at={run.at} />
              </td>
            </tr>
          ))}
        </tbody>
      </ScrollTable>
    </section>
  );
}
