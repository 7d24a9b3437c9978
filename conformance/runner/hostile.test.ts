import { beforeAll, describe, expect, it } from "vitest";
import { callable, clauses } from "../interface/catalogue.ts";
import type { Report } from "./report.ts";
import { inspected, openBuiltSuite, runWhole } from "./testing/builds.ts";
import { type HostileBuild, hostileBuilds, trapNames } from "./testing/hostile.ts";
import { sampled } from "./testing/sampled.ts";
import type { Profile, Suite } from "./types.ts";
import type { Vm } from "./vm.ts";

let vm: Vm;
let suite: Suite;
let builds: Map<string, HostileBuild>;
beforeAll(async () => {
  builds = await hostileBuilds();
  ({ vm, suite } = await openBuiltSuite());
});

async function reportOf(name: string): Promise<Report> {
  const parts = builds.get(name)?.parts;
  if (!parts) throw new Error(`no hostile build ${name}`);
  const { report } = await runWhole(vm, suite, await inspected(vm, suite, parts));
  return JSON.parse(new TextDecoder().decode(report)) as Report;
}

/** Ops that have an export; the others are rules. */
const called = new Set(callable.map(({ id }) => id));

const failuresOf = (report: Report) => [
  ...report.boots.map((boot) => boot.failure),
  ...report.cases.flatMap((item) => (item.failure && !item.failure.boot ? [item.failure] : [])),
];
const verdictOf = (report: Report, op: string) => report.ops.find((item) => item.id === op)?.verdict;

/** One line per op: its verdict, then each clause with its own. */
const verdictsOf = ({ ops }: Report) =>
  ops.map(({ id, verdict, clauses }) => {
    const each = clauses.map((clause) => `${clause.id.slice(id.length + 1)} ${clause.verdict}`);
    return `${id}: ${verdict} (${each.join(", ")})\n`;
  });

/** Expects each clause that the profile asks for to have this verdict, and all others none. */
function expectEach(report: Report, verdict: string): void {
  const expected = report.ops.map(({ id, tier, clauses }) => {
    const wanted = tier === "none" ? "not-offered" : verdict;
    return `${id}: ${wanted} (${clauses.map((clause) => `${clause.id.slice(id.length + 1)} ${wanted}`).join(", ")})\n`;
  });
  expect(report.ops.flatMap((op) => op.clauses.map(({ id }) => id))).toEqual(clauses.map(({ id }) => id));
  expect(verdictsOf(report)).toEqual(expected);
}

function coreClauses(suite: Suite, profile: Profile): number {
  const core = suite.ops.filter((op) => op.tiers[profile] === "core");
  return core.reduce((sum, op) => sum + op.clauses.length, 0);
}

describe("a hostile build gets a finished report", () => {
  it("when half_init never returns: the boot's verdict for every clause", async () => {
    const report = await reportOf("guest-init-loop");
    expect(report.boots).toMatchObject([
      { peer: "own", failure: { half: "guest", function: "half_init", reason: expect.stringContaining("fuel") } },
    ]);
    const owed = report.ops.filter((op) => op.tier !== "none");
    expect(new Set(owed.flatMap((op) => op.clauses.map((clause) => clause.verdict)))).toEqual(new Set(["error"]));
    for (const item of report.cases) expect(item).toMatchObject({ failure: { boot: true, half: "guest" } });
  });

  it.each([
    ["guest-op-loop", "irq.save_fl", "irq_save_fl", /fuel/],
    ["guest-op-recursion", "mmu.read_cr3", "function 0", /recursion/],
    ["guest-op-memory", "time.sched_clock", "time_sched_clock", /memory|bounds/],
  ])("%s: error in %s", async (name, op, exported, reason) => {
    const report = await reportOf(name);
    expect(report.boots).toEqual([]);
    expect(verdictOf(report, op)).toBe("error");
    const failures = failuresOf(report).filter((failure) => failure.op === op);
    expect(failures.length).toBeGreaterThan(0);
    for (const failure of failures) {
      expect(failure).toMatchObject({ half: "guest", charged: "guest", reason: expect.stringMatching(reason) });
      expect(failure.function).toBe(exported);
    }
  });

  it.each(trapNames)("%s: error that names op, function and reason", async (name) => {
    const exported = name.slice("trap-".length);
    const report = await reportOf(name);
    const failures = failuresOf(report).filter((failure) => failure.function === exported);
    expect(failures.length).toBeGreaterThan(0);
    for (const failure of failures) {
      expect(failure).toMatchObject({ kind: "trap", half: "guest", reason: expect.stringContaining("unreachable") });
      expect(failure.op?.replace(".", "_")).toBe(exported);
    }
    expect(verdictOf(report, failures[0]?.op ?? "")).toBe("error");
  });

  it("when it offers everything and implements nothing: every core op is the native half's", async () => {
    const report = await reportOf("whole-nothing");
    const { summary, ops, boots } = report;
    expect(boots).toEqual([]);
    expectEach(report, "pass");
    expect(summary).toMatchObject({ conforms: true, core: { held: summary.core.of, failed: 0, error: 0, not_run: 0 } });
    const owned = ops.filter(({ tier, id }) => tier === "core" && called.has(id));
    expect(owned.every(({ native }) => native)).toBe(true);
  });

  it("when every op does nothing and answers the same: every op that is called fails", async () => {
    const report = await reportOf("whole-wrong");
    const { summary, ops, boots } = report;
    expect(boots).toEqual([]);
    expect(summary.conforms).toBe(false);
    expect(summary.core.held + summary.core.failed + summary.core.error + summary.core.not_run).toBe(summary.core.of);
    const owed = ops.filter(({ tier, id }) => tier !== "none" && called.has(id));
    for (const { verdict, id } of owed) expect(["fail", "error"], id).toContain(verdict);
    for (const op of ops) expect(op.native).toBe(false);
    // Written down clause by clause; `vitest run -u` writes what is new, for a person to look at.
    await expect(verdictsOf(report).join("")).toMatchFileSnapshot("testing/hostile/whole-wrong.verdicts.txt");
  });

  it("when every op traps: the boot's verdict for every clause, naming the first op called", async () => {
    const report = await reportOf("whole-trap");
    const { summary, boots } = report;
    expectEach(report, "error");
    const failure = { kind: "trap", half: "guest", charged: "guest", reason: expect.stringContaining("unreachable") };
    expect(boots).toMatchObject([{ peer: "own", failure }]);
    expect(summary).toMatchObject({
      conforms: false,
      core: { error: summary.core.of, held: 0, failed: 0, not_run: 0 },
    });
  });

  const badHosts = [
    ["host-boot-loop", /fuel exhausted/],
    ["host-exit-nothing", /fuel exhausted/],
    ["host-exit-trap", /unreachable/],
    ["host-bad-action", /the action 9/],
  ] as const;

  // The one left out uses up the fuel of a boot with every guest half.
  it.each(sampled(badHosts, ([name]) => name !== "host-exit-nothing"))(
    "%s: the boot's verdict, charged to the host half",
    async (name, reason) => {
      const report = await reportOf(name);
      const failure = { charged: "host", half: "host", reason: expect.stringMatching(reason) };
      const peers = suite.variants.filter(({ half }) => half === "guest").map(({ name }) => `host/kvm+${name}`);
      expect(report.boots.map(({ peer }) => peer)).toEqual(["host/kvm", ...peers]);
      for (const boot of report.boots) expect(boot.failure.reason).toMatch(reason);
      expect(report.boots[0]).toMatchObject({ failure });
      expect(report.summary).toMatchObject({
        conforms: false,
        core: { held: 0, error: coreClauses(suite, "enlightened") },
      });
    },
  );
});
