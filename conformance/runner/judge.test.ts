import { describe, expect, it } from "vitest";
import { judge, worst } from "./judge.ts";
import { pairingsOf } from "./pairings.ts";
import { buildOf, failureOf, manifestOf, okOutcome, smallSuite } from "./testing/small-suite.ts";
import type { Manifest, MergedCase, Outcome } from "./types.ts";

const suite = smallSuite();
const pairings = pairingsOf(suite, buildOf());
/** Clause numbers: 0 irq.disable.1, 1 irq.disable.2, 2 mmu.flush.1, 3 mmu.lazy.1 */
const held: Outcome[] = [
  okOutcome({ reached: [0, 1] }),
  okOutcome({ reached: [1, 2] }),
  okOutcome({ not_offered: [2] }),
];

/** Every case and pairing as in `held`, but for the changes by "case pairing". */
function judged(
  changes: Record<string, Partial<MergedCase>> = {},
  options: { manifest?: Manifest; exportsOps?: string[] | null; leaveOut?: string } = {},
) {
  const all = held.flatMap((outcome, at) =>
    pairings.map(
      (_, pairing): MergedCase => ({ case: at, pairing, outcome, boot: false, ...changes[`${at} ${pairing}`] }),
    ),
  );
  const cases = all.filter((item) => `${item.case} ${item.pairing}` !== options.leaveOut);
  const verdicts = judge({
    suite,
    manifest: options.manifest ?? manifestOf(),
    pairings,
    exportsOps: options.exportsOps ?? null,
    cases,
  });
  const clauses = Object.fromEntries(verdicts.ops.flatMap((op) => op.clauses.map(({ id, verdict }) => [id, verdict])));
  return { ...verdicts, clauses };
}

describe("a build", () => {
  it("conforms if every core clause held in every pairing", () => {
    const { summary, clauses } = judged();
    expect(clauses).toEqual({
      "irq.disable.1": "pass",
      "irq.disable.2": "pass",
      "mmu.flush.1": "pass",
      "mmu.lazy.1": "not-offered",
    });
    expect(summary).toMatchObject({ conforms: true, core: { held: 3, of: 3 }, optional: { not_offered: 1, of: 1 } });
  });

  it.each(["0 0", "0 1", "0 2"])("does not if a clause fails in pairing %s alone", (key) => {
    const outcome = okOutcome({ end: "fail", failed: [0], reached: [0, 1], failure: failureOf({ clause: 0 }) });
    const { summary, clauses } = judged({ [key]: { outcome } });
    expect(clauses).toMatchObject({ "irq.disable.1": "fail", "irq.disable.2": "pass" });
    expect(summary).toMatchObject({ conforms: false, core: { held: 2, failed: 1, of: 3 } });
  });

  it("does not if a claimed clause was not reached", () => {
    const { summary, clauses } = judged({ "1 2": { outcome: okOutcome({ reached: [1] }) } });
    expect(clauses["mmu.flush.1"]).toBe("not-run");
    expect(summary).toMatchObject({ conforms: false, core: { not_run: 1 } });
  });

  it("does not if a case or pairing is missing: denominators are the suite's", () => {
    expect(judged({ "1 1": { outcome: null } }).clauses["mmu.flush.1"]).toBe("not-run");
    const { summary } = judge({ suite, manifest: manifestOf(), pairings, exportsOps: null, cases: [] });
    expect(summary).toMatchObject({ conforms: false, core: { held: 0, not_run: 3, of: 3 } });
    const { clauses } = judged({}, { leaveOut: "1 2" });
    expect(clauses).toMatchObject({ "irq.disable.1": "pass", "irq.disable.2": "not-run", "mmu.flush.1": "not-run" });
  });

  it("owes the optional op it declares", () => {
    const manifest = manifestOf({ offers: ["mmu.lazy"] });
    expect(judged({}, { manifest }).clauses["mmu.lazy.1"]).toBe("fail");
    const offered = Object.fromEntries(pairings.map((_, at) => [`2 ${at}`, { outcome: okOutcome({ reached: [3] }) }]));
    expect(judged(offered, { manifest }).clauses["mmu.lazy.1"]).toBe("pass");
  });
});

describe("a case", () => {
  it("that is stuck fails the clause it names for that, and a search cut there proves nothing else", () => {
    const outcome = okOutcome({ end: "stuck", reached: [1, 2], failure: failureOf({ kind: "stuck" }) });
    const { cases, clauses } = judged({ "1 0": { outcome } });
    expect(clauses).toMatchObject({ "mmu.flush.1": "fail", "irq.disable.2": "not-run" });
    expect(cases[3]).toMatchObject({ verdict: "fail" });
  });

  it("that ends in an error is an error in all it claims", () => {
    const outcome = okOutcome({ end: "error", reached: [0, 1], failure: failureOf({ kind: "trap" }) });
    expect(judged({ "0 1": { outcome } }).clauses).toMatchObject({
      "irq.disable.1": "error",
      "irq.disable.2": "error",
      "mmu.flush.1": "pass",
    });
  });

  it("that its budget cut short is not-run, never pass", () => {
    const outcome = okOutcome({ end: "error", reached: [1, 2], failure: failureOf({ kind: "budget" }) });
    expect(judged({ "1 0": { outcome } }).clauses["mmu.flush.1"]).toBe("not-run");
  });

  it("whose pairing did not boot has the boot's verdict", () => {
    const boot = okOutcome({ end: "error", failure: failureOf({ kind: "fuel" }) });
    const changes = Object.fromEntries([0, 1, 2].map((at) => [`${at} 1`, { outcome: boot, boot: true }]));
    expect(judged(changes).clauses).toMatchObject({
      "irq.disable.1": "error",
      "mmu.flush.1": "error",
      "mmu.lazy.1": "not-offered",
    });
    for (const change of Object.values(changes))
      change.outcome = okOutcome({ end: "stuck", failure: failureOf({ kind: "stuck" }) });
    expect(judged(changes).clauses).toMatchObject({ "irq.disable.1": "fail", "irq.disable.2": "fail" });
  });

  it("that a core op refuses is a failure", () => {
    expect(judged({ "0 0": { outcome: okOutcome({ not_offered: [0] }) } }).clauses["irq.disable.1"]).toBe("fail");
  });
});

describe("an op", () => {
  it("takes the worst of its clauses", () => {
    const order = ["fail", "error", "not-run", "not-offered", "pass"] as const;
    for (const [at, verdict] of order.entries()) expect(worst(order.slice(at).reverse())).toBe(verdict);
    expect(worst([])).toBe("not-run");
  });

  it("is marked native if it is not exported and held", () => {
    const mark = (exportsOps: string[] | null) => judged({}, { exportsOps }).ops.map((op) => op.native);
    expect(mark(["irq.disable"])).toEqual([false, true, false]);
    expect(mark(null)).toEqual([false, false, false]);
  });
});
