import type { Coverage } from "../../registry/op-views.ts";
import { Page } from "../parts/layout.tsx";
import { ScrollTable } from "../parts/table.tsx";
import { DigestText, plural } from "../parts/text.tsx";

/** `/coverage`: every clause of the suite with the cases that test it. */
export function CoveragePage({ coverage }: { coverage: Coverage }) {
  const { clauses, ops, cases, groups, suite } = coverage;
  return (
    <Page title="Coverage" json="/coverage.json" current="coverage">
      <h1>Which case tests which clause</h1>
      <p class="lead">
        {plural(clauses, "clause")} of {plural(ops, "operation")} and rules, {plural(cases, "case")}. A clause that no
        case tests does not get into a suite. “Explored” cases are run under many schedules, the others under one.
      </p>
      <nav aria-label="Groups">
        <ul class="legend">
          {groups.map(({ id }) => (
            <li>
              <a href={`#group-${id}`}>{id}</a>
            </li>
          ))}
        </ul>
      </nav>
      {groups.map((group) => (
        <Group group={group} />
      ))}
      <p class="quiet">
        Suite <DigestText digest={suite.digest} />
      </p>
    </Page>
  );
}

function Group({ group }: { group: Coverage["groups"][number] }) {
  return (
    <section aria-labelledby={`group-${group.id}`}>
      <h2 id={`group-${group.id}`} tabIndex={-1}>
        {group.id} <span class="count">{plural(group.clauses.length, "clause")}</span>
      </h2>
      <ScrollTable label={`Clauses of group ${group.id} by case`} class="wrap">
        <thead>
          <tr>
            <th scope="col">Clause</th>
            <th scope="col">What must hold</th>
            <th scope="col">Tested by</th>
          </tr>
        </thead>
        <tbody>
          {group.clauses.map(({ id, op, text, cases }) => (
            <tr>
              <th scope="row" class="nowrap">
                <a href={`/ops/${op}#${id}`}>
                  <code>{id}</code>
                </a>
              </th>
              <td class="prose">{text}</td>
              <td class="prose">
                {cases.map((one) => (
                  <span class="case">
                    <code>{one.id}</code>
                    {one.mode === "explored" && " (explored)"}
                    <span class="sub">{one.title}</span>
                  </span>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </ScrollTable>
    </section>
  );
}
