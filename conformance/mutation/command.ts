/** `npm run -s mutants`: generated mutants of the reference halves, then the known-bad halves. */
import { stderr, stdout } from "node:process";
import { parseArgs } from "node:util";
import { budgetRows, MARGIN_MIN, needsOf, renderBudgets, searchesOf } from "./budgets.ts";
import { runCampaign } from "./campaign.ts";
import { type KnownBadVerdict, knownBadNames } from "./known-bad.ts";
import { runJobs } from "./pool.ts";
import { KILLED_MIN_PERCENT, percentKilled, renderCampaign, type Score, scoreOf, scoreWords } from "./render.ts";
import { equivalentIn, listedFor, readSurvivors, review } from "./survivors.ts";
import { openBench, targets } from "./target.ts";

const usage = `Usage: npm run -s mutants -- [options]

  --sample N       generated mutants per half (default 200), or "all"
  --seed WORD      seed of the sample (default "1")
  --half NAME      only this half, e.g. kvm/host; may be given more than once
  --known-bad-only leave the generated mutants out
  --budgets        for each explored case: what its known-bad halves and its sabotage need of its budget

Exit code: 0 all known-bad halves fail the clauses they name, every survivor is listed with a reason and nothing else is,
of all that is not equivalent ${KILLED_MIN_PERCENT} % are killed, and (with --budgets) every explored case is exhausted or has a budget of
${MARGIN_MIN} times what its bad halves need; 1 not so; 2 bad usage.
`;

interface Options {
  sample: number;
  seed: string;
  halves: string[];
  generated: boolean;
  budgets: boolean;
}

function parse(words: string[]): Options | null {
  try {
    const { values } = parseArgs({
      args: words,
      options: {
        sample: { type: "string", default: "200" },
        seed: { type: "string", default: "1" },
        half: { type: "string", multiple: true },
        "known-bad-only": { type: "boolean", default: false },
        budgets: { type: "boolean", default: false },
      },
    });
    const halves = values.half ?? [...targets];
    if (!/^(\d+|all)$/.test(values.sample) || halves.some((half) => !targets.includes(half))) return null;
    const sample = values.sample === "all" ? Number.POSITIVE_INFINITY : Number(values.sample);
    return { sample, seed: values.seed, halves, generated: !values["known-bad-only"], budgets: values.budgets };
  } catch {
    return null;
  }
}

const progress = (what: string) => (done: number, of: number) => {
  if (stderr.isTTY) stderr.write(`\r  ${what} ${done} of ${of}   ${done === of ? "\n" : ""}`);
  else if (done % 50 === 0 || done === of) stderr.write(`  ${what} ${done} of ${of}\n`);
};

/** @returns true if every survivor is explained, every explanation still holds, and enough of the rest are killed */
async function generated(options: Options): Promise<boolean> {
  const bench = await openBench();
  const list = readSurvivors();
  let good = true;
  const total: Score = { killed: 0, equivalent: 0, generated: 0 };
  for (const target of options.halves) {
    const { seed, sample: size } = options;
    const listed = listedFor(list, target);
    const campaign = await runCampaign(bench, target, { seed, size, listed, onDone: progress(target) });
    const found = review(campaign, list);
    stdout.write(`${renderCampaign(campaign, list, found)}\n`);
    const score = scoreOf(campaign.results, equivalentIn(list, target));
    for (const part of ["killed", "equivalent", "generated"] as const) total[part] += score[part];
    good &&= found.unexplained.length + found.killed.length + found.gone.length === 0;
  }
  stdout.write(`all of these halves: ${scoreWords(total)}\n\n`);
  return good && percentKilled(total) >= KILLED_MIN_PERCENT;
}

/** @returns true if all are killed by the clauses they name */
async function knownBad({ budgets }: Options): Promise<boolean> {
  const names = knownBadNames();
  const jobs = names.map((name) => ({ kind: "known-bad" as const, name }));
  const verdicts = await runJobs<KnownBadVerdict>(jobs, (done) => progress("known-bad")(done, names.length));
  for (const { name, missed, unexpected } of verdicts) {
    if (missed.length > 0) stdout.write(`${name} survives: ${missed.join(", ")} held\n`);
    if (unexpected.length > 0) stdout.write(`${name} fails more than it names: ${unexpected.join(", ")}\n`);
  }
  const exact = verdicts.every(({ unexpected }) => unexpected.length === 0);
  const killed = verdicts.filter(({ missed }) => missed.length === 0).length;
  stdout.write(`killed ${killed} of ${names.length}\n`);
  const wide = budgets ? await budgetsHold(verdicts) : true;
  return exact && killed === names.length && wide;
}

/** @returns true if every explored case is exhausted or has a margin */
async function budgetsHold(verdicts: readonly KnownBadVerdict[]): Promise<boolean> {
  const bench = await openBench();
  const backends = [...new Set(targets.map((target) => target.split("/")[0] ?? ""))];
  const rows = budgetRows(bench.suite.cases, await needsOf(verdicts), await searchesOf(bench, backends));
  stdout.write(renderBudgets(rows));
  return rows.every(({ holds }) => holds);
}

/** Runs on what is built; returns the exit code. */
export async function mutantsCommand(words: string[]): Promise<number> {
  const options = parse(words);
  if (!options) {
    stderr.write(usage);
    return 2;
  }
  const explained = options.generated ? await generated(options) : true;
  return (await knownBad(options)) && explained ? 0 : 1;
}
