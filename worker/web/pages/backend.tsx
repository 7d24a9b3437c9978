import type { BackendView } from "../../registry/views.ts";
import { Page } from "../parts/layout.tsx";
import { Facts, ScrollTable } from "../parts/table.tsx";
import { DigestText, ModelNotice, Moment, provenanceText, VendorNote } from "../parts/text.tsx";
import { BackendTable } from "./vendor.tsx";

/** `/backends/{vendor}/{backend}`: its current result, its badge, and its builds. */
export function BackendPage({ view, origin }: { view: BackendView; origin: string }) {
  const { vendor, backend } = view.backend;
  const name = `${vendor}/${backend}`;
  const badge = `${origin}/badge/${name}.svg`;
  return (
    <Page title={name} json={`/backends/${name}.json`} live>
      <p class="eyebrow">Backend</p>
      <h1>{name}</h1>
      <ModelNotice vendor={vendor} />
      <Facts
        rows={[
          [
            "Vendor",
            <>
              <a href={`/vendors/${vendor}`}>{vendor}</a>
              <VendorNote vendor={vendor} unverified={view.backend.unverified} />
            </>,
          ],
          ["Since", <Moment at={view.backend.createdAt} />],
          [
            "Badge",
            <>
              <img src={`/badge/${name}.svg`} alt={`Badge of ${name}`} height="20" />
              <span class="copy" data-copy>
                <code>
                  [![{name} on Parley]({badge})]({origin}/backends/{name})
                </code>
              </span>
            </>,
          ],
        ]}
      />
      <h2>Current result</h2>
      <BackendTable backends={[view.backend]} />
      <h2>Builds, newest first</h2>
      <ScrollTable label="Builds of this backend">
        <thead>
          <tr>
            {["Version", "Build", "Profile", "Provenance", "Submitted"].map((title) => (
              <th scope="col">{title}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {view.builds.map((build) => (
            <tr>
              <th scope="row">
                <a href={`/builds/${build.digest}`}>{build.version}</a>
              </th>
              <td>
                <DigestText digest={build.digest} />
              </td>
              <td>{build.profile}</td>
              <td>{provenanceText(build.provenance)}</td>
              <td>
                <Moment at={build.submittedAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </ScrollTable>
      {view.next && (
        <p>
          Older builds: <a href={`/api/v1/builds?vendor=${vendor}&backend=${backend}&after=${view.next}`}>as JSON</a>
        </p>
      )}
    </Page>
  );
}
