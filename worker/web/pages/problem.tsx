import { type ProblemCode, problemTypes } from "../../problems.ts";
import { Page } from "../parts/layout.tsx";
import { ScrollTable } from "../parts/table.tsx";

/** A refusal in words, for people. */
export function ProblemPage({ code, detail }: { code: ProblemCode; detail: string }) {
  const [status, title, action] = problemTypes[code];
  return (
    <Page title={title} json="/openapi.json">
      <p class="eyebrow">{status}</p>
      <h1>{title}</h1>
      <p>{detail}</p>
      <p>{action}</p>
      <p>
        <a href="/">Back to the matrix</a>
      </p>
    </Page>
  );
}

/** `/problems` and `/problems/{code}`: what each `type` of problem+json means, and what to do. */
export function ProblemTypesPage({ codes }: { codes: readonly ProblemCode[] }) {
  const [only] = codes;
  const title = codes.length === 1 && only ? problemTypes[only][1] : "What the registry may refuse, and why";
  return (
    <Page title={title} json="/openapi.json">
      <p class="eyebrow">
        <a href="/problems">Problem types</a>
      </p>
      <h1>{title}</h1>
      <ScrollTable label="Problem types" class="wrap">
        <thead>
          <tr>
            {["Code", "HTTP status", "What happened", "What to do"].map((name) => (
              <th scope="col">{name}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {codes.map((code) => (
            <tr>
              <th scope="row">
                <a href={`/problems/${code}`}>
                  <code>{code}</code>
                </a>
              </th>
              <td class="num">{problemTypes[code][0]}</td>
              <td>{problemTypes[code][1]}</td>
              <td class="prose">{problemTypes[code][2]}</td>
            </tr>
          ))}
        </tbody>
      </ScrollTable>
    </Page>
  );
}
