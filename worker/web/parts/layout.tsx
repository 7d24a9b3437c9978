import type { Child } from "hono/jsx";
import { assetPath } from "../assets/routes.ts";

export interface PageOptions {
  title: string;
  /** Address of this page's data. */
  json: string;
  current?: "matrix" | "coverage";
  /** Adds the module that polls and copies, and a plain refresh for readers without script. */
  live?: boolean;
  refreshSeconds?: number | undefined;
  children?: Child;
}

/** The frame of every page; assets carry their digest, nothing is inline, so the CSP needs no exception. */
export async function Page({ title, json, current, live, refreshSeconds, children }: PageOptions) {
  const [stylePath, livePath] = await Promise.all([assetPath("style.css"), assetPath("live.js")]);
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{`${title} · Parley`}</title>
        <link rel="stylesheet" href={stylePath} />
        <link rel="alternate" type="application/json" href={json} />
        <link rel="icon" href="data:," />
        {live && <script type="module" src={livePath} />}
        {refreshSeconds && (
          <noscript>
            <meta http-equiv="refresh" content={String(refreshSeconds)} />
          </noscript>
        )}
      </head>
      <body>
        <a class="skip" href="#content">
          Skip to the content
        </a>
        <header class="top">
          <div class="page">
            <a class="mark" href="/">
              Parley<small>what hypervisor backends really do</small>
            </a>
            <nav aria-label="Main">
              <ul>
                <li>
                  <a href="/" aria-current={current === "matrix" ? "page" : undefined}>
                    Matrix
                  </a>
                </li>
                <li>
                  <a href="/coverage" aria-current={current === "coverage" ? "page" : undefined}>
                    Coverage
                  </a>
                </li>
                <li>
                  <a href="/openapi.json">API</a>
                </li>
                <li>
                  <a href={json}>This page as JSON</a>
                </li>
              </ul>
            </nav>
          </div>
        </header>
        <main id="content" tabIndex={-1}>
          <div class="page">{children}</div>
        </main>
        <footer>
          <div class="page">
            <p>
              Every result comes from a deterministic machine: the same build and the same suite give the same report,
              bit for bit. Rows are in alphabetical order; no vendor is ranked, and what did not run never counts as a
              pass.
            </p>
            <p>Builds of vendor “parley” are this project’s models of published ABIs, not any vendor’s product.</p>
          </div>
        </footer>
      </body>
    </html>
  );
}
