// What the run page shows of a report. The registry made the bytes itself, so they are not validated again.
import type { Report, ReportCase } from "../../conformance/runner/report.ts";
import type { ReportFailure } from "../../conformance/runner/report-failure.ts";

export type { ReportCase, ReportFailure };

/** A failure and what it is a failure of. */
export interface BadEntry {
  /** Case id, or `boot` for a pairing that never came up. */
  id: string;
  /** Pairing id: `own`, `guest/PEER` or `host/PEER`. */
  peer: string;
  verdict: "fail" | "error" | "not-run" | "not-offered" | "pass";
  failure: ReportFailure;
}

export interface ReportView {
  cases: ReportCase[];
  boots: Report["boots"];
  /** Absent in reports from before scenarios were counted. */
  scenarios: Report["scenarios"]["list"];
  /** Sentence of each clause that is shown, by clause id. */
  clauseTexts: Record<string, string>;
}

export function parseReport(bytes: Uint8Array, clauseTexts: Record<string, string>): ReportView {
  const { cases, boots, scenarios } = JSON.parse(new TextDecoder().decode(bytes)) as Report;
  return { cases, boots, scenarios: scenarios?.list ?? [], clauseTexts };
}

/** Failed boots, then failed cases, then the other cases that did not end well; each in suite order. */
export function badEntries({ boots, cases }: ReportView): BadEntry[] {
  const booted: BadEntry[] = boots.map(({ peer, failure }) => ({ id: "boot", peer, verdict: "error", failure }));
  const bad = cases.flatMap(({ id, peer, verdict, failure }) =>
    failure && !failure.boot ? [{ id, peer, verdict, failure }] : [],
  );
  return [
    ...booted,
    ...bad.filter((entry) => entry.verdict === "fail"),
    ...bad.filter((entry) => entry.verdict !== "fail"),
  ];
}

/** A pairing id in words. */
export function pairingText(peer: string): string {
  const [side, name] = peer.split("/");
  if (side === "guest" && name) return `this build’s guest half on the reference host half of ${name}`;
  if (side === "host" && name) return `the reference guest half of ${name} on this build’s host half`;
  return "this build’s own halves";
}
