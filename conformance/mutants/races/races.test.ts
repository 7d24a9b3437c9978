import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { compileAll, root } from "../../../scripts/lib/asc.mjs";
import { halfArgs } from "../../../scripts/lib/targets.mjs";
import { booted, compileTesting, replay, run, unit } from "../../../wasm-core/vm/testing/harness.ts";

const folder = "conformance/mutants/races";
const LINES_MAX = 50;

/** A known-bad half: the correct half.ts beside it with one textual edit. */
const raceSchema = z.strictObject({
  title: z.string().min(1),
  source: z.string().min(1),
  apic_ids: z.array(z.int()).optional(),
  /** Preemptions, by default 2. */
  bound: z.int().optional(),
  find: z.string().min(1),
  replace: z.string().min(1),
});

const races = readdirSync(join(root, folder))
  .filter((name) => existsSync(join(root, folder, name, "race.json")))
  .map((name) => ({
    name,
    ...raceSchema.parse(JSON.parse(readFileSync(join(root, folder, name, "race.json"), "utf8"))),
  }));

const out = (name: string, twin: string) => `conformance/build/races/${name}/${twin}.wasm`;

beforeAll(async () => {
  await compileTesting();
  const jobs = races.flatMap(({ name, find, replace }) =>
    ["correct", "bad"].map((twin) => ({
      name: `race ${name} ${twin}`,
      entry: `${folder}/${name}/half.ts`,
      out: out(name, twin),
      inputs: [folder, "conformance/sdk/as"],
      args: halfArgs,
      edits: twin === "bad" ? [{ file: `${folder}/${name}/half.ts`, find, replace }] : [],
    })),
  );
  await compileAll(jobs);
});

/** Searches within the default budget of a unit. */
async function searched({ name, apic_ids = [0, 5], bound = 2 }: (typeof races)[0], twin: "correct" | "bad") {
  const guest = new Uint8Array(readFileSync(join(root, out(name, twin))));
  const vm = await booted("enlightened", apic_ids.length, {
    apicIds: [...apic_ids, 0, 0, 0, 0, 0, 0].slice(0, 8),
    guest,
  });
  const what = (settings: object) => run(vm, unit(37, apic_ids.length, settings));
  return { what, ...what({ strategy: 1, bound, schedules_max: 20_000 }) };
}

/** Every schedule with some of the deviations, but not all. */
function properParts(schedule: string): string[] {
  const entries = schedule
    .slice(2)
    .split(",")
    .filter((entry) => entry !== "");
  const masks = Array.from({ length: 2 ** entries.length - 1 }, (_, mask) => mask);
  return masks.map((mask) => `1-${entries.filter((_, i) => (mask >> i) & 1).join(",")}`);
}

describe("races", () => {
  it("are those that history has seen, one by one", () => {
    expect(races.map(({ name }) => name)).toEqual([
      "clock-no-odd-phase",
      "clock-not-monotone",
      "event-unlocked-and",
      "flush-flag-erased",
      "halt-window",
      "ipi-window",
      "wait-no-barrier",
      "wait-not-nested",
    ]);
  });

  it.each(races.map((race) => [race.name, race] as const))(
    "%s: found in the bad half, replayed, and not in its twin",
    async (_, race) => {
      const bad = await searched(race, "bad");
      expect(["fail", "stuck"]).toContain(bad.end);
      const schedule = bad.failure?.schedule ?? "";
      expect(bad.what(replay(schedule)).failure).toEqual(bad.failure);
      for (const part of properParts(schedule)) expect(["ok", "refused"], part).toContain(bad.what(replay(part)).end);
      expect(schedule.match(/[SPIKR]/g)?.length ?? 0, schedule).toBeLessThanOrEqual(3);
      const correct = await searched(race, "correct");
      expect(correct).toMatchObject({ end: "ok", exhausted: 1, failure: null });
      expect(correct.tried).toBeGreaterThan(race.name === "ipi-window" ? 1 : 5);
    },
  );

  it.each(races.map(({ name }) => name))("%s is short", (name) => {
    const lines = readFileSync(join(root, folder, name, "half.ts"), "utf8").split("\n");
    expect(
      lines.filter((line) => line && !/^\s*(\/\/|\/\*\*|\*|import|export \{)/.test(line)).length,
    ).toBeLessThanOrEqual(40);
    expect(lines.length).toBeLessThanOrEqual(LINES_MAX + 10);
  });
});
