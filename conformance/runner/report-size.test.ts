import { describe, expect, it } from "vitest";
import { mergeAndJudge } from "./merge.ts";
import type { Report } from "./report.ts";
import { boundedBytes, REPORT_BYTES_MAX, TRACE_BYTES_MAX } from "./report-size.ts";
import { buildOf, failureOf, okOutcome, smallSuite } from "./testing/small-suite.ts";
import type { TraceEntry } from "./types.ts";
import { planShards, unitsOf } from "./units.ts";

const suite = smallSuite();
const build = buildOf();
const entry = (a: string): TraceEntry => ({ v: 0, layer: "guest", op: 0, what: "store64", a, b: "0x0" });

/** A report in which the cases of irq.disable fail with a trace and those of mmu.flush have many outcome vectors. */
async function bigReport(traceLength: number, wordLength: number, vectors: number): Promise<Report> {
  const trace = Array.from({ length: traceLength }, (_, at) => entry(String(at).padEnd(wordLength, "x")));
  const outcomes = unitsOf(suite, build).map((unit) => {
    if (unit.case === 0) return okOutcome({ end: "fail", failed: [0], failure: failureOf({ clause: 0, trace }) });
    return okOutcome({
      reached: [1, 2, 3],
      outcomes: Array.from({ length: vectors }, (_, at) => [String(at).padStart(20, "0")]),
    });
  });
  const [shard] = planShards(suite, build, 1);
  const units = (shard?.units ?? []).map((unit) => ({ unit, outcome: outcomes[unit] ?? okOutcome() }));
  const { report } = await mergeAndJudge(suite, build, [
    { suite: suite.digest, build: build.digest, shard: 0, units, boots: [] },
  ]);
  expect(report.length).toBeLessThanOrEqual(REPORT_BYTES_MAX);
  return JSON.parse(new TextDecoder().decode(report)) as Report;
}

describe("the size of a report", () => {
  it("leaves small ones alone", async () => {
    const report = await bigReport(10, 4, 3);
    expect(report.cases[0]?.failure).not.toHaveProperty("trace_cut");
    expect(report.cases.at(-1)).not.toHaveProperty("outcomes_cut");
  });

  it("keeps the last entries of a trace, at most 400 and 256 KiB, and says how many are gone", async () => {
    const failure = (await bigReport(500, 4, 1)).cases[0]?.failure;
    expect([failure?.trace.length, failure?.trace_cut, failure?.trace.at(-1)?.a]).toEqual([400, 100, "499x"]);
    const wide = (await bigReport(400, 2000, 1)).cases[0]?.failure;
    expect(JSON.stringify(wide?.trace).length).toBeLessThanOrEqual(TRACE_BYTES_MAX + 2);
    expect((wide?.trace_cut ?? 0) + (wide?.trace.length ?? 0)).toBe(400);
  });

  it("gives up evidence of what passed before that of failures", async () => {
    const report = await bigReport(400, 400, 30_000);
    const cut = report.cases.map((item) =>
      item.outcomes_cut ? "cut" : item.failure ? (item.failure.trace_cut ?? 0) : "whole",
    );
    expect(cut.slice(0, 3)).toEqual([0, 0, 0]);
    expect(cut.slice(3)).toContain("cut");
  });

  it("is refused if nothing that may go is enough", async () => {
    const report = await bigReport(10, 10, 10);
    expect(() => boundedBytes(report, 100)).toThrow(expect.objectContaining({ code: "report-too-large" }));
  });
});
