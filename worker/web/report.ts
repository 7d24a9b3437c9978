// The part of a report (abi §9) that the run page shows. The registry made the bytes itself, so they are not validated again.

export interface TraceRow {
  /** vCPU number. */
  v: number;
  layer: string;
  op: string | null;
  what: string;
  a: string;
  b: string;
}

export interface ReportFailure {
  clause: string | null;
  expected: string;
  seen: string;
  note?: string;
  reason?: string;
  role: string | number | null;
  op: string | null;
  half: string | null;
  function: string | null;
  offset: number | null;
  schedule: string;
  steps: number;
  trace: TraceRow[];
}

export interface ReportCase {
  id: string;
  peer: string | null;
  verdict: "pass" | "fail" | "error" | "not-offered" | "not-run";
  schedules: { tried: number; exhausted: boolean | number; bound: number };
  failure: ReportFailure | null;
}

export interface ReportView {
  cases: ReportCase[];
  /** Sentence of each clause, by clause id. */
  clauseTexts: Record<string, string>;
}

export function parseReport(bytes: Uint8Array, clauseTexts: Record<string, string>): ReportView {
  const { cases } = JSON.parse(new TextDecoder().decode(bytes)) as { cases: ReportCase[] };
  return { cases, clauseTexts };
}

/** Cases that did not end well, in suite order, failures before errors. */
export function badCases(report: ReportView): ReportCase[] {
  const bad = report.cases.filter((entry) => entry.failure !== null);
  return [...bad.filter((entry) => entry.verdict === "fail"), ...bad.filter((entry) => entry.verdict !== "fail")];
}
