import { Page } from "../parts/layout.tsx";

/** 404 of a page: what was looked for, and where to go instead. */
export function NotFoundPage({ what }: { what: string }) {
  return (
    <Page title="Not found" json="/index.json">
      <h1>Not in this registry</h1>
      <p>There is no {what} here. It may have been mistyped, or belong to another registry.</p>
      <p>
        <a href="/">Back to the matrix</a>
      </p>
    </Page>
  );
}
