/** `parley test DIR`: inspects the build, runs it, prints the report. */
import { stderr, stdout } from "node:process";
import { deepSuite } from "../runner/deep.ts";
import { RunnerError } from "../runner/errors.ts";
import { inspectBuild } from "../runner/intake.ts";
import { mergeAndJudge } from "../runner/merge.ts";
import { pairBuilds } from "../runner/pair.ts";
import type { Report } from "../runner/report.ts";
import { runShard } from "../runner/run.ts";
import type { Build, Problem, Shard, ShardResult, Suite } from "../runner/types.ts";
import { planShards, unitsOf } from "../runner/units.ts";
import type { Vm } from "../runner/vm.ts";
import type { TestArguments } from "./arguments.ts";
import { ensureBuilt, loadSuiteAndVm, readBuild } from "./load.ts";
import { progressBar } from "./progress.ts";
import { isGood, renderReport, renderSearches } from "./render.ts";
import { renderCosts } from "./render-costs.ts";
import { replayCommand } from "./replay.ts";
import { paint } from "./words.ts";

const EXIT_CONFORMS = 0;
const EXIT_DOES_NOT = 1;
const EXIT_REFUSED = 2;

export async function testCommand(options: TestArguments): Promise<number> {
  const { directory, pairedWith } = options;
  const directories = [directory, ...(pairedWith === null ? [] : [pairedWith])];
  // First, because the reference builds are made by it: their folders do not exist in a fresh clone.
  await ensureBuilt((line) => void stderr.write(`build: ${line}\n`));
  const sources = directories.map((name) => ({ name, parts: readBuild(name) }));
  const loaded = await loadSuiteAndVm();
  const { vm } = loaded;
  const suite = options.deep ? deepSuite(loaded.suite) : loaded.suite;
  const builds: Build[] = [];
  for (const { name, parts } of sources) {
    const inspection = await inspectBuild(vm, suite, parts);
    if (inspection.ok) builds.push(inspection.build);
    else stderr.write(renderProblems(name, inspection.problems));
  }
  const [first, second] = builds;
  if (!first || builds.length < directories.length) return EXIT_REFUSED;
  const build = second ? await pairBuilds(first, second) : first;
  checkCases(suite, build, options.cases);
  if (options.schedule !== null) return replayCommand(vm, suite, build, options);
  const challenge = options.seed ?? undefined;
  const results = await runAll(vm, suite, build, { shards: shardsOf(suite, build, options), challenge });
  const partial = options.cases.length > 0;
  const { report, digest, summary } = await mergeAndJudge(suite, build, results, { partial, challenge });
  const read = JSON.parse(new TextDecoder().decode(report)) as Report;
  if (options.costs) stdout.write(renderCosts(read));
  if (options.json) stdout.write(report);
  else {
    const shown = chosen(read, options.cases);
    if (options.deep || partial) stdout.write(renderSearches(shown, suite));
    stdout.write(
      renderReport(shown, {
        suite,
        directory: options.directory,
        digest: options.deep ? null : digest,
        cases: options.cases,
      }),
    );
  }
  const good = options.cases.length > 0 ? chosen(read, options.cases).cases.every(isGood) : summary.conforms;
  return good ? EXIT_CONFORMS : EXIT_DOES_NOT;
}

/** @throws RunnerError "unknown-case" naming the cases of this build that begin alike, or how all of them begin */
function checkCases(suite: Suite, build: Build, ids: readonly string[]): void {
  const here = new Set(unitsOf(suite, build).map((unit) => suite.cases[unit.case]?.id ?? ""));
  const groupOf = (id: string) => id.split("-")[0] ?? "";
  for (const id of ids) {
    if (here.has(id)) continue;
    const near = [...here].filter((other) => groupOf(other) === groupOf(id));
    const groups = [...new Set([...here].map(groupOf))].map((group) => `${group}-…`);
    const hint =
      near.length > 0
        ? `Its "${groupOf(id)}" cases are: ${near.join(", ")}`
        : `Its cases begin with: ${groups.join(", ")}`;
    throw new RunnerError("unknown-case", `No case "${id}" applies to this build. ${hint}.`);
  }
}

function shardsOf(suite: Suite, build: Build, options: TestArguments): Shard[] {
  const shards = planShards(suite, build, options.shards ?? undefined);
  if (options.cases.length === 0) return shards;
  const units = unitsOf(suite, build);
  const wanted = (index: number) => options.cases.includes(suite.cases[units[index]?.case ?? -1]?.id ?? "");
  return shards.map((shard) => ({ ...shard, units: shard.units.filter(wanted) }));
}

async function runAll(
  vm: Vm,
  suite: Suite,
  build: Build,
  { shards, challenge }: { shards: readonly Shard[]; challenge: string | undefined },
): Promise<ShardResult[]> {
  const bar = progressBar(shards.reduce((sum, shard) => sum + shard.units.length, 0));
  const results: ShardResult[] = [];
  let before = 0;
  try {
    for (const shard of shards) {
      const onProgress = ({ unitsDone, caseId, pairing }: { unitsDone: number; caseId: string; pairing: string }) =>
        bar.update(before + unitsDone, `${caseId} (${pairing})`);
      results.push(await runShard(vm, suite, build, shard, { onProgress, challenge }));
      before += shard.units.length;
    }
  } finally {
    bar.stop();
  }
  return results;
}

function chosen(report: Report, ids: readonly string[]): Report {
  if (ids.length === 0) return report;
  const cases = report.cases.filter((item) => ids.includes(item.id));
  const claimed = new Set(cases.flatMap((item) => item.clauses.map((clause) => clause.id)));
  return { ...report, cases, ops: report.ops.filter((op) => op.clauses.some((clause) => claimed.has(clause.id))) };
}

function renderProblems(directory: string, problems: readonly Problem[]): string {
  const lines = problems.flatMap(({ code, title, detail, action, pointer }) => [
    `${paint("red", "✗ refused")}  ${title} (${code}${pointer === undefined ? "" : ` at ${pointer || "/"}`})`,
    `    ${detail}`,
    `    ${action}`,
  ]);
  return `${lines.join("\n")}\n\n${directory} was not run: ${problems.length} ${problems.length === 1 ? "problem" : "problems"}.\n`;
}
