import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, inject, it } from "vitest";
import type { Report } from "../conformance/runner/report.ts";
import { expectedDigests, sampleBuilds } from "../conformance/runner/testing/builds.ts";
import type { BuildView, Matrix } from "../worker/registry/views.ts";
import { accepted, demoParts, finished, folderParts, submit } from "./lib/client.ts";
import { root } from "./lib/registry.ts";

const url = inject("url");
const token = inject("demoToken");
const known = sampleBuilds()
  .filter(({ kind }) => kind === "known-bad")
  .map(({ name }) => name);

/** Computed once per suite, which takes longer than a test may. */
let expected: Record<string, string>;
beforeAll(async () => {
  expected = await expectedDigests();
});

async function reportOf(id: string): Promise<{ report: Report; digest: string }> {
  const answer = await fetch(`${url}/api/v1/runs/${id}/report`);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  return { report: JSON.parse(new TextDecoder().decode(bytes)), digest };
}

describe("reference builds", () => {
  it("were submitted by npm start, ran, and conform", async () => {
    const matrix = (await (await fetch(`${url}/index.json`)).json()) as Matrix;
    const rows = matrix.rows.filter((row) => row.vendor === "parley");
    expect(rows.map((row) => row.backend)).toEqual(["fullvirt", "kvm", "native"]);
    for (const row of rows) expect(row, row.backend).toMatchObject({ conforms: true, held: row.of });
  });

  it("submitted again give the run that exists", async () => {
    const first = await accepted(url, token, demoParts("conformance/backends/native/build"));
    const again = await submit(url, token, demoParts("conformance/backends/native/build"));
    expect(again.ok).toBe(true);
    expect(((await again.json()) as { run: { id: string } }).run.id).toBe(first.run.id);
    expect(await finished(url, first.run.id)).toMatchObject({ state: "published", summary: { conforms: true } });
  });
});

describe.each(known)("known-bad build %s", (name) => {
  it("fails exactly the clauses it should, and says in words what was expected and seen", async () => {
    const folder = `conformance/mutants/${name}`;
    const { clauses } = JSON.parse(readFileSync(join(root, folder, "mutant.json"), "utf8")) as { clauses: string[] };
    // Under its own name, so that the report is the one that Node gives, bit for bit.
    const { run } = await accepted(url, inject("parleyToken"), folderParts(`${folder}/build`));
    const view = await finished(url, run.id);
    expect(view.reportDigest).toBe(expected[name]);
    expect(view).toMatchObject({ state: "published", summary: { conforms: false } });
    const { report, digest } = await reportOf(run.id);
    expect(digest).toBe(view.reportDigest);
    const failed = report.ops.flatMap((op) => op.clauses).filter((clause) => clause.verdict === "fail");
    expect(failed.map((clause) => clause.id).sort()).toEqual(clauses.toSorted());
    for (const failure of report.cases.flatMap((entry) => entry.failure ?? [])) {
      expect(failure.expected).not.toBe("");
      expect(failure.seen).not.toBe("");
    }
  });
});

describe("the same build in Node, CLI and registry", () => {
  const references = sampleBuilds().filter(({ kind }) => kind === "reference");

  it.each(references.map(({ name }) => name))("%s: Node's report, bit for bit", async (name) => {
    const matrix = (await (await fetch(`${url}/index.json`)).json()) as Matrix;
    const row = matrix.rows.find(({ vendor, backend }) => vendor === "parley" && backend === name);
    expect((await reportOf(row?.run.id ?? "")).digest).toBe(expected[name]);
  });

  it.each(["fullvirt", "native"])("%s: the CLI's report, bit for bit", async (name) => {
    const folder = `conformance/backends/${name}/build`;
    const stdout = await cliReport(folder);
    const { build } = JSON.parse(stdout) as Report;
    const { runs } = (await (await fetch(`${url}/builds/${build}.json`)).json()) as BuildView;
    const { digest } = await reportOf(runs[0]?.id ?? "");
    expect(`sha256:${createHash("sha256").update(stdout.trimEnd()).digest("hex")}`).toBe(digest);
  });
});

/** What `parley test DIR --json` prints; exit code 1 says that the build does not conform. */
async function cliReport(folder: string): Promise<string> {
  const args = ["conformance/cli/parley.mjs", "test", folder, "--json"];
  const done = promisify(execFile)(process.execPath, args, { cwd: root, maxBuffer: 8 * 1024 * 1024 });
  const { stdout } = await done.catch((error: { code: number; stdout: string }) => {
    if (error.code !== 1) throw error;
    return error;
  });
  return stdout;
}
