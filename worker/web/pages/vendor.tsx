import type { BackendItem, VendorView } from "../../registry/views.ts";
import { Page } from "../parts/layout.tsx";
import { StaleNote, StandingNote } from "../parts/standing.tsx";
import { Facts, ScrollTable } from "../parts/table.tsx";
import { DigestText, ModelNotice, Moment, TrustText, VendorNote } from "../parts/text.tsx";
import { ConformsBadge, StateBadge } from "../parts/verdict.tsx";

/** `/vendors/{slug}`: who it is and how that was proved, its keys, and its backends. */
export function VendorPage({ vendor }: { vendor: VendorView }) {
  return (
    <Page title={vendor.slug} json={`/vendors/${vendor.slug}.json`}>
      <p class="eyebrow">Vendor</p>
      <h1>{vendor.slug}</h1>
      <ModelNotice vendor={vendor.slug} />
      <Facts
        rows={[
          ["Name", vendor.name],
          ["Verified", <Verification vendor={vendor} />],
          ["Registered", <Moment at={vendor.createdAt} />],
        ]}
      />
      <h2>Backends</h2>
      {vendor.backends.length === 0 ? (
        <p class="quiet">No build was submitted yet.</p>
      ) : (
        <BackendTable backends={vendor.backends} />
      )}
      <h2>Public keys</h2>
      {vendor.keys.length === 0 ? <p class="quiet">None.</p> : <Keys vendor={vendor} />}
    </Page>
  );
}

function Verification({ vendor }: { vendor: VendorView }) {
  if (vendor.unverified) return <>no: the vendor has proved neither a domain nor a repository</>;
  return (
    <>
      yes, by {vendor.verifiedBy?.replace(":", " ")}
      {vendor.verifiedAt && (
        <>
          , <Moment at={vendor.verifiedAt} />
        </>
      )}
      <VendorNote vendor={vendor.slug} unverified={false} />
    </>
  );
}

/** Backends with their current results; also on the page of one. */
export function BackendTable({ backends }: { backends: BackendItem[] }) {
  return (
    <ScrollTable label="Backends">
      <thead>
        <tr>
          {["Backend", "Current result", "Version", "Trust", "Latest run"].map((title) => (
            <th scope="col">{title}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {backends.map(({ vendor, backend, current, latest }) => (
          <tr>
            <th scope="row">
              <a href={`/backends/${vendor}/${backend}`}>
                {vendor}/{backend}
              </a>
            </th>
            <td>
              {current ? (
                <span class="cell">
                  <a href={`/runs/${current.run}`}>
                    <ConformsBadge conforms={current.conforms} held={current.score.held} of={current.score.of} />
                  </a>
                  <StandingNote standing={current.standing} /> <StaleNote stale={current.stale} />
                </span>
              ) : (
                "none published"
              )}
            </td>
            <td>{current ? <a href={`/builds/${current.build}`}>{current.version}</a> : "–"}</td>
            <td>{current ? <TrustText trust={current.trust} /> : "–"}</td>
            <td>
              {latest ? (
                <a href={`/runs/${latest.id}`}>
                  {latest.state === "published" ? "✓ published" : <StateBadge state={latest.state} />}
                </a>
              ) : (
                "–"
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </ScrollTable>
  );
}

function Keys({ vendor }: { vendor: VendorView }) {
  return (
    <ScrollTable label="Public keys of the vendor">
      <thead>
        <tr>
          {["Fingerprint", "Valid from", "Valid until", "Vouched for by", "Revoked"].map((title) => (
            <th scope="col">{title}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {vendor.keys.map((key) => (
          <tr>
            <th scope="row">
              Ed25519 <DigestText digest={key.fingerprint} />
              <span class="sub">key {key.id}</span>
            </th>
            <td>
              <Moment at={key.notBefore} />
            </td>
            <td>
              <Moment at={key.notAfter} />
            </td>
            <td>{key.signedBy ? `key ${key.signedBy}` : "the vendor’s proof"}</td>
            <td>
              {key.revokedAt ? (
                <>
                  <Moment at={key.revokedAt} />, {key.revokedFor}
                </>
              ) : (
                "no"
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </ScrollTable>
  );
}
