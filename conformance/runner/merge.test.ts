import { describe, expect, it } from "vitest";
import { mergeAndJudge } from "./merge.ts";
import type { Report } from "./report.ts";
import { randomOf, shuffled } from "./testing/random.ts";
import { buildOf, digest, failureOf, okOutcome, smallSuite } from "./testing/small-suite.ts";
import type { Outcome, Shard, ShardResult } from "./types.ts";
import { planShards, unitsOf } from "./units.ts";

const suite = smallSuite();
const build = buildOf();
const units = unitsOf(suite, build);
/** Unit indices by case, pairing, slice: 000 010 020 | 100 101 110 111 120 121 | 200 210 220 */
const at = (name: string) => units.findIndex((unit) => `${unit.case}${unit.pairing}${unit.slice}` === name);

/** An outcome of every unit, drawn from the seed: mostly good, some failed, in error or stuck. */
function outcomesOf(seed: number): Outcome[] {
  const random = randomOf(seed);
  const some = (list: number[]) => list.filter(() => random() < 0.8);
  return units.map((unit) => {
    const claimed = [[0, 1], [1, 2], [3]][unit.case] ?? [];
    const common = {
      tried: 1 + Math.floor(random() * 90),
      fuel: String(Math.floor(random() * 1e6)),
      reached: some(claimed),
      bound: 2,
    };
    const costs = [{ op: unit.case, scope: -1, counters: { hypercall: Math.floor(random() * 9) } }];
    const outcomes = [[String(Math.floor(random() * 3)), "1"]];
    const kind = random();
    if (kind < 0.1)
      return okOutcome({
        ...common,
        end: "fail",
        failed: claimed.slice(0, 1),
        failure: failureOf({ clause: claimed[0] ?? -1 }),
      });
    if (kind < 0.15) return okOutcome({ ...common, end: "error", failure: failureOf({ kind: "trap" }) });
    if (kind < 0.2) return okOutcome({ ...common, end: "stuck", failure: failureOf({ kind: "stuck" }) });
    return okOutcome({ ...common, costs, outcomes, exhausted: random() < 0.5 ? 1 : 0 });
  });
}

function results(shards: Shard[], outcomes: Outcome[], failedBoots: Map<number, Outcome> = new Map()): ShardResult[] {
  return shards.map((shard) => ({
    suite: suite.digest,
    build: build.digest,
    shard: shard.index,
    units: shard.units
      .filter((unit) => !failedBoots.has(units[unit]?.pairing ?? -1))
      .map((unit) => ({ unit, outcome: outcomes[unit] as Outcome })),
    boots: [...failedBoots]
      .filter(([pairing]) => shard.units.some((unit) => units[unit]?.pairing === pairing))
      .map(([pairing, outcome]) => ({ pairing, outcome })),
  }));
}

async function reportOf(outcomes: Outcome[], failedBoots?: Map<number, Outcome>): Promise<Report> {
  const { report } = await mergeAndJudge(suite, build, results(planShards(suite, build, 1), outcomes, failedBoots));
  return JSON.parse(new TextDecoder().decode(report)) as Report;
}

const allHeld = units.map((unit) => okOutcome({ reached: [[0, 1], [1, 2], [3]][unit.case] ?? [] }));
const withOutcome = (name: string, outcome: Outcome) =>
  allHeld.map((held, index) => (index === at(name) ? outcome : held));

describe("merging", () => {
  it("gives the same bytes for any number of shards, in any order, some of them twice", async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const outcomes = outcomesOf(seed);
      const boots =
        seed % 5 === 0
          ? new Map([[seed % 3, okOutcome({ end: "error", failure: failureOf({ kind: "fuel" }) })]])
          : undefined;
      const random = randomOf(seed + 1000);
      const whole = await mergeAndJudge(suite, build, results(planShards(suite, build, 1), outcomes, boots));
      for (const count of [2, 7, units.length, 30]) {
        const cut = results(planShards(suite, build, count), outcomes, boots);
        const doubled = shuffled([...cut, ...cut.filter(() => random() < 0.5)], random);
        expect((await mergeAndJudge(suite, build, doubled)).digest, `seed ${seed}, ${count} shards`).toBe(whole.digest);
      }
    }
  });

  it("gives other bytes for other outcomes", async () => {
    const digests = new Set<string>();
    for (let seed = 1; seed <= 20; seed++)
      digests.add((await mergeAndJudge(suite, build, results(planShards(suite, build, 3), outcomesOf(seed)))).digest);
    expect(digests.size).toBe(20);
  });

  it("counts slices up to the first that did not end well", async () => {
    const failed = okOutcome({
      end: "fail",
      tried: 7,
      failed: [2],
      reached: [2],
      failure: failureOf({ clause: 2, schedule: "1-3:S1" }),
    });
    const first = await reportOf(withOutcome("100", failed));
    const second = await reportOf(withOutcome("101", failed));
    const entry = (report: Report) => report.cases.find((item) => item.id === "flushes" && item.peer === "own");
    expect(entry(first)).toMatchObject({
      verdict: "fail",
      schedules: { tried: 7 },
      failure: { clause: "mmu.flush.1", schedule: "1-3:S1" },
    });
    expect(entry(second)).toMatchObject({ verdict: "fail", schedules: { tried: 8 } });
  });

  it("joins the outcome vectors of slices as a sorted set", async () => {
    const outcomes = allHeld.map((held, index) => {
      if (index === at("100"))
        return {
          ...held,
          outcomes: [
            ["1", "0"],
            ["0", "1"],
          ],
        };
      return index === at("101")
        ? {
            ...held,
            outcomes: [
              ["0", "0"],
              ["0", "1"],
            ],
          }
        : held;
    });
    expect((await reportOf(outcomes)).cases.find((item) => item.id === "flushes")?.outcomes).toEqual([
      ["0", "0"],
      ["0", "1"],
      ["1", "0"],
    ]);
  });

  it("does not take a search for whole that its unit's fuel cut short", async () => {
    const cut = okOutcome({ reached: [1, 2], exhausted: 0, tried: 9, fuel: String(suite.budgets.fuel_unit) });
    const { cases, summary } = await reportOf(withOutcome("110", cut));
    const entry = cases.find((item) => item.id === "flushes" && item.peer === "guest/kvm");
    expect(entry).toMatchObject({
      verdict: "not-run",
      failure: { kind: "budget", reason: expect.stringContaining("fuel") },
    });
    expect(summary).toMatchObject({ conforms: false, core: { not_run: 2 } });
    const whole = await reportOf(withOutcome("110", { ...cut, exhausted: 1 }));
    expect(whole.summary.conforms).toBe(true);
  });

  it("stops counting when the run's fuel is spent, in suite order", async () => {
    const outcomes = allHeld.map((held) => ({ ...held, fuel: String(suite.budgets.fuel_run / 4) }));
    const { cases, summary } = await reportOf(outcomes);
    expect(cases.map((item) => item.verdict)).toEqual(["pass", "pass", "pass", ...Array(6).fill("error")]);
    expect(cases[8]?.failure?.reason).toContain("fuel exhausted");
    expect(summary.conforms).toBe(false);
  });
});

describe("merging refuses", () => {
  const cut = results(planShards(suite, build, 4), allHeld);

  it("to judge with units missing, unless asked to", async () => {
    await expect(mergeAndJudge(suite, build, cut.slice(1))).rejects.toMatchObject({ code: "units-missing" });
    const { summary } = await mergeAndJudge(suite, build, cut.slice(1), { partial: true });
    expect(summary.conforms).toBe(false);
  });

  it("shards of another build or suite", async () => {
    const [first, ...rest] = cut;
    for (const change of [{ build: digest("f") }, { suite: digest("f") }])
      await expect(
        mergeAndJudge(suite, build, [{ ...(first as ShardResult), ...change }, ...rest]),
      ).rejects.toMatchObject({ code: "foreign-shard" });
  });

  it("two different outcomes of one unit", async () => {
    const other = results(planShards(suite, build, 1), withOutcome("000", okOutcome({ reached: [0] })));
    await expect(mergeAndJudge(suite, build, [...cut, ...other])).rejects.toMatchObject({ code: "not-deterministic" });
  });
});

describe("a failure", () => {
  const fail = okOutcome({ end: "fail", failed: [0], failure: failureOf({ clause: 0, op: 0 }) });
  const charged = async (names: string[]) => {
    const outcomes = allHeld.map((held, index) => (names.some((name) => at(name) === index) ? fail : held));
    return (await reportOf(outcomes)).cases.find((item) => item.failure)?.failure?.charged;
  };

  it("names the half whose pairings alone show it, else the pair", async () => {
    expect(await charged(["010"])).toBe("guest");
    expect(await charged(["000", "010"])).toBe("guest");
    expect(await charged(["000", "020"])).toBe("host");
    expect(await charged(["000"])).toBe("pair");
    expect(await charged(["010", "020"])).toBe("pair");
  });

  const words = async (failure: Parameters<typeof failureOf>[0]) => {
    const outcome = okOutcome({ end: "fail", failed: [1], failure: failureOf({ clause: 1, ...failure }) });
    return (await reportOf(withOutcome("000", outcome))).cases[0]?.failure;
  };

  it("says op, clause, expected, seen and schedule in words", async () => {
    expect(await words({})).toMatchObject({
      op: "irq.disable",
      clause: "irq.disable.2",
      expected: "0x1",
      seen: "0x2",
      schedule: "1-",
      role: "only",
    });
  });

  it("takes the clause's text and the kernel's words where there are no numbers", async () => {
    const bare = { expected: "the clause holds", seen: "it does not" };
    const expected = "Text of irq.disable.2.";
    expect(await words({ ...bare, note: "it is pending" })).toMatchObject({ expected, seen: "not so: it is pending" });
    expect(await words({ ...bare, kind: "stuck", reason: "deadlock" })).toMatchObject({ expected, seen: "deadlock" });
    expect(await words({ expected: "", seen: "", kind: "trap", reason: "trap" })).toMatchObject({ seen: "trap" });
  });

  it("that the machine's audit found is listed as such", async () => {
    const outcome = okOutcome({
      end: "fail",
      failed: [0],
      failure: failureOf({ kind: "isolation", reason: "a FOREIGN frame was read" }),
    });
    expect((await reportOf(withOutcome("010", outcome))).audit).toEqual(["masks guest/kvm: a FOREIGN frame was read"]);
    expect((await reportOf(withOutcome("010", fail))).audit).toEqual([]);
  });

  it("of a boot is told once with its trace, and named in every case", async () => {
    const boot = okOutcome({
      end: "error",
      failure: failureOf({ kind: "fuel", reason: "fuel exhausted", stack: ["guest half_init+3"] }),
    });
    const report = await reportOf(allHeld, new Map([[1, boot]]));
    expect(report.boots).toMatchObject([
      { peer: "guest/kvm", failure: { reason: "fuel exhausted", stack: ["guest half_init+3"] } },
    ]);
    const cases = report.cases.filter((item) => item.peer === "guest/kvm");
    expect(cases).toHaveLength(3);
    for (const item of cases)
      expect(item).toMatchObject({ failure: { boot: true, stack: [], reason: "fuel exhausted" } });
  });
});
