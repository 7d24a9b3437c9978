import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { insertRun, setState, testDigest } from "../test/rows.ts";
import { isFinal, mayFollow, states } from "./states.ts";
import { endEarly, TransitionError, transition } from "./transition.ts";

const run = "0".repeat(24);
const sql = (text: string) => env.DB.prepare(text).run();
const stateOf = async () => (await env.DB.prepare("SELECT state FROM runs").first<{ state: string }>())?.state;

describe("transitions", () => {
  it("are the same in code and in SQL, for every pair of states", async () => {
    let index = 0;
    for (const from of states) {
      for (const to of states.filter((state) => state !== from)) {
        index += 1;
        const id = String(index).padStart(24, "0");
        await insertRun(from, { id, build: `sha256:${id.padStart(64, "0")}` });
        const done = await setState(id, to).then(
          () => true,
          () => false,
        );
        expect(done, `${from} → ${to}`).toBe(mayFollow(from, to));
      }
    }
  });

  it("write one event each, whoever writes", async () => {
    await insertRun("published");
    const { results } = await env.DB.prepare(
      "SELECT type, before, after, actor FROM events WHERE subject = ? ORDER BY id",
    )
      .bind(`run:${run}`)
      .all();
    expect(results.map(({ type }) => type)).toEqual(
      ["received", "queued", "running", "merging", "judging", "published"].map((state) => `run.${state}`),
    );
    expect(results.at(-1)).toEqual({ type: "run.published", before: "judging", after: "published", actor: "registry" });
    expect(results[0]?.actor).toBe("vendor:acme");
  });

  it("happen once: the second of two loses", async () => {
    await insertRun("received");
    const move = { run, from: "received", to: "queued", at: 5 } as const;
    expect(await Promise.all([transition(env, move), transition(env, move)])).toEqual([true, false]);
    expect(await stateOf()).toBe("queued");
  });

  it("that states.ts lacks are refused in code", async () => {
    await insertRun("received");
    await expect(transition(env, { run, from: "received", to: "published", at: 5 })).rejects.toThrow(TransitionError);
  });

  it("end early from every state that is not final, with the reason", async () => {
    for (const [index, state] of states.entries()) {
      const id = String(index).padStart(24, "0");
      await insertRun(state, { id, build: `sha256:${id.padStart(64, "0")}` });
      expect(await endEarly(env, id, "cancelled", 9, "asked to", "vendor:acme"), state).toBe(!isFinal(state));
    }
    const { results } = await env.DB.prepare(
      "SELECT reason, next_at FROM runs WHERE state = 'cancelled' AND reason IS NOT NULL",
    ).all();
    expect(results).toEqual(
      states.filter((state) => !isFinal(state)).map(() => ({ reason: "asked to", next_at: null })),
    );
  });
});

describe("the record", () => {
  it.each([
    "UPDATE events SET detail = 'x'",
    "DELETE FROM events",
    "UPDATE builds SET version = '2'",
    "DELETE FROM builds",
    "UPDATE runs SET conforms = 0",
    "UPDATE runs SET next_at = 1",
    "UPDATE runs SET build = 'x'",
    "DELETE FROM runs",
    "UPDATE op_results SET verdict = 'pass'",
    "DELETE FROM op_results",
    "INSERT INTO op_results (run, op, place, verdict, native, clauses, costs) SELECT id, 'b.b', 1, 'pass', 0, '{}', '{}' FROM runs",
  ])("of a finished run refuses: %s", async (statement) => {
    await insertRun("judging");
    await sql(
      `INSERT INTO op_results (run, op, place, verdict, native, clauses, costs) VALUES ('${run}', 'a.a', 0, 'fail', 0, '{}', '{}')`,
    );
    await setState(run, "published");
    await expect(sql(statement)).rejects.toThrow();
  });

  it("refuses a run that begins later than received, or is published without evidence", async () => {
    await insertRun("judging");
    await expect(sql(`UPDATE runs SET state = 'published'`)).rejects.toThrow(/report and state/);
    await expect(sql(`UPDATE runs SET report_digest = 'x', summary = '{}', conforms = 1`)).rejects.toThrow(
      /report and state/,
    );
    await expect(
      sql(`INSERT INTO runs (id, build, suite, attempt, state, state_at, state_actor, created_at)
        SELECT 'x', build, suite, 2, 'judging', 1, 'a', 1 FROM runs`),
    ).rejects.toThrow(/begins as received/);
  });

  it("shows only a published run of that backend as current", async () => {
    await insertRun("judging");
    await expect(sql(`UPDATE backends SET current_run = '${run}'`)).rejects.toThrow(/published run/);
    await setState(run, "published");
    await sql(`UPDATE backends SET current_run = '${run}'`);
    await sql("INSERT INTO backends (vendor, slug, created_at) VALUES ('acme', 'other', 1)");
    await expect(sql(`UPDATE backends SET current_run = '${run}' WHERE slug = 'other'`)).rejects.toThrow(
      /published run/,
    );
  });

  it("knows a build once", async () => {
    await insertRun("received");
    await expect(insertRun("received", { id: "1".repeat(24), build: testDigest("b") })).rejects.toThrow(/UNIQUE/);
  });
});
