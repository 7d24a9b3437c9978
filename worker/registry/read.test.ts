import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { BuildParts } from "../../conformance/runner/types.ts";
import { builds, builtParts, quickParts } from "../test/builds.ts";
import { deliver, heldQueue, submitBuild } from "../test/pipeline.ts";
import type { OpView } from "./op-views.ts";
import { readBadge, readBuild, readMatrix, readOp, readReport, readRun } from "./read.ts";

async function published(parts: BuildParts): Promise<{ run: string; build: string }> {
  const held = heldQueue();
  const accepted = await submitBuild(held.env, parts);
  await deliver(held.env, held.messages);
  return { run: accepted.run.id, build: accepted.build.digest };
}

async function opOf(id: string): Promise<OpView> {
  const view = await readOp(env, id);
  if (!view) throw new Error(`Operation ${id} is not in the suite.`);
  return view;
}

/** Report, run, matrix and badges say the same. */
async function expectAgreement(run: string): Promise<void> {
  const view = await readRun(env, run);
  const report = await readReport(env, view?.reportDigest ?? "");
  const { ops } = JSON.parse(new TextDecoder().decode(report ?? undefined)) as {
    ops: { id: string; verdict: string; clauses: { id: string; verdict: string }[] }[];
  };
  const cells = (await readMatrix(env)).rows[0]?.cells ?? {};
  expect(Object.entries(cells)).toEqual(ops.map(({ id, verdict }) => [id, verdict]));
  expect(view?.ops?.map(({ id, verdict }) => [id, verdict])).toEqual(Object.entries(cells));
  for (const [index, { clauses }] of ops.entries()) {
    expect(Object.entries(view?.ops?.[index]?.clauses ?? {})).toEqual(clauses.map(({ id, verdict }) => [id, verdict]));
  }
  const badge = await readBadge(env, { vendor: "parley", backend: "native-halt-window" });
  expect(badge).toMatchObject({ state: "failing", held: view?.summary?.core.held, of: view?.summary?.core.of });
  const { groups } = await readMatrix(env);
  const parts = await Promise.all(
    groups.map(({ id: group }) => readBadge(env, { vendor: "parley", backend: "native-halt-window", group })),
  );
  expect(parts.reduce((sum, part) => sum + (part?.of ?? 0), 0)).toBe(badge?.of);
  expect(parts.reduce((sum, part) => sum + (part?.held ?? 0), 0)).toBe(badge?.held);
  expect(parts.filter((part) => part?.state === "failing").map((part) => part?.group)).toContain("irq");
}

describe("what is read of a published run", () => {
  it("names each clause of an op with its verdict, counts costs, and agrees with itself", async () => {
    const { run, build } = await published(builtParts("native-halt-window"));
    const digest = builds.find(({ name }) => name === "native-halt-window")?.report;
    expect((await readRun(env, run))?.reportDigest).toBe(digest);
    const { op, results } = await opOf("irq.safe_halt");
    expect((await opOf("mmu.flush_tlb_multi")).op.signature).toBe(
      "mmu_flush_tlb_multi(mask_va: i64, start: i64, end: i64, flags: i32): i32",
    );
    expect(op.clauses.every(({ text, source }) => text.length > 10 && source.length > 3)).toBe(true);
    const [result] = results;
    expect(result).toMatchObject({ vendor: "parley", unverified: true, build, run, verdict: "fail", native: false });
    expect(Object.keys(result?.clauses ?? {})).toEqual(op.clauses.map((clause) => clause.id));
    expect(Object.values(result?.clauses ?? {})).toContain("fail");
    expect(Object.values(result?.costs ?? {}).every(Number.isSafeInteger)).toBe(true);
    expect(await readOp(env, "mmu.nothing")).toBeNull();
    await expectAgreement(run);
  });

  it("says verified once the vendor is", async () => {
    const { build } = await published(quickParts());
    await env.DB.exec("UPDATE vendors SET verified_at = 1");
    expect((await opOf("irq.enable")).results[0]?.unverified).toBe(false);
    expect((await readMatrix(env)).rows[0]?.unverified).toBe(false);
    expect((await readBuild(env, build))?.unverified).toBe(false);
  });

  it("gives out reports by digest, and no other blob", async () => {
    const { build } = await published(quickParts());
    const guest = (await readBuild(env, build))?.guest?.digest ?? "";
    expect(await env.BLOBS.head(`blobs/${guest.replace(":", "/")}`)).not.toBeNull();
    expect(await readReport(env, guest)).toBeNull();
  });
});
