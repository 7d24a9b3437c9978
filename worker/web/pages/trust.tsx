import type { DisputeView, ReproductionView, RunView } from "../../registry/views.ts";
import { ScrollTable } from "../parts/table.tsx";
import { DigestText, Moment } from "../parts/text.tsx";

const stateText: Readonly<Record<ReproductionView["state"], string>> = {
  issued: "has its seed, not committed yet",
  checking: "committed; the registry runs the seed",
  repeating: "differs; the registry runs the seed again",
  matched: "✓ matched: both got the same report",
  disputed: "✗ differs twice: a dispute is open",
  lapsed: "lapsed: no commitment in time",
  failed: "the registry’s run ended without a result",
};

/** Who got this result again, and who has evidence against it. */
export function TrustSection({ run }: { run: RunView }) {
  if (run.challenge) {
    return (
      <section aria-labelledby="trust">
        <h2 id="trust">A run of a one-time seed</h2>
        <p>
          This run checks a reproduction; it is no result of the backend. Anybody gets its report with
          <code class="replay">npx parley test DIR --seed {run.challenge}</code>
        </p>
      </section>
    );
  }
  return (
    <section aria-labelledby="trust">
      <h2 id="trust">Reproductions and disputes</h2>
      {run.reproductions.length === 0 ? (
        <p class="quiet">Nobody else has run a one-time seed of this build under this suite yet.</p>
      ) : (
        <Reproductions list={run.reproductions} />
      )}
      {run.disputes.map((dispute) => (
        <Dispute dispute={dispute} />
      ))}
    </section>
  );
}

function Reproductions({ list }: { list: ReproductionView[] }) {
  return (
    <ScrollTable label="Reproductions of this result">
      <thead>
        <tr>
          {["Party", "State", "Since", "Committed to", "Registry’s run", "Registry’s repetition"].map((title) => (
            <th scope="col">{title}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {list.map((one) => (
          <tr>
            <th scope="row">
              <a href={`/vendors/${one.vendor}`}>{one.vendor}</a>
            </th>
            <td>{stateText[one.state]}</td>
            <td>
              <Moment at={one.at} />
            </td>
            <td>{one.committedDigest ? <DigestText digest={one.committedDigest} /> : "–"}</td>
            <td>
              <Check run={one.checkRun} digest={one.checkDigest} />
            </td>
            <td>
              <Check run={one.repeatRun} digest={one.repeatDigest} />
            </td>
          </tr>
        ))}
      </tbody>
    </ScrollTable>
  );
}

function Check({ run, digest }: { run: string | null; digest: string | null }) {
  if (!run) return <>–</>;
  return digest ? <DigestText digest={digest} href={`/runs/${run}`} /> : <a href={`/runs/${run}`}>under way</a>;
}

function Dispute({ dispute }: { dispute: DisputeView }) {
  return (
    <aside class="notice" aria-label={`Dispute of ${dispute.claimant}`}>
      <p>
        Dispute of {dispute.claimant}, {dispute.state} since <Moment at={dispute.at} />: {dispute.claim}
        {dispute.reason && <span class="sub">The mediator’s reason: {dispute.reason}</span>}
      </p>
    </aside>
  );
}
