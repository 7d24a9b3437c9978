/** `parley test DIR --case ID --schedule S`: one schedule again, with its trace. */
import { stdout } from "node:process";
import { RunnerError } from "../runner/errors.ts";
import { yieldToTasks } from "../runner/lease.ts";
import { mergeAndJudge } from "../runner/merge.ts";
import { pairingsOf } from "../runner/pairings.ts";
import type { Report } from "../runner/report.ts";
import { runUnit } from "../runner/run.ts";
import type { Build, ShardResult, Suite, Unit } from "../runner/types.ts";
import { unitsOf } from "../runner/units.ts";
import type { Vm } from "../runner/vm.ts";
import type { TestArguments } from "./arguments.ts";
import { renderFailure, renderTrace } from "./render.ts";
import { verdictWord } from "./words.ts";

/** @returns 0 if the schedule holds in every pairing it was run in, else 1 */
export async function replayCommand(vm: Vm, suite: Suite, build: Build, options: TestArguments): Promise<number> {
  const pairings = pairingsOf(suite, build);
  const wanted = (unit: Unit) => {
    const pairing = pairings[unit.pairing];
    // A schedule of one host need not fit another: hostile ones are run only when they are named.
    const named = options.pairing === null ? pairing?.variant === null : pairing?.id === options.pairing;
    return suite.cases[unit.case]?.id === options.cases[0] && unit.slice === 0 && named;
  };
  const units = unitsOf(suite, build).filter(wanted);
  if (units.length === 0)
    throw new RunnerError(
      "unknown-pairing",
      `There is no pairing "${options.pairing}". This build has ${pairings.map((item) => item.id).join(", ")}.`,
    );
  const result: ShardResult = { suite: suite.digest, build: build.digest, shard: 0, units: [], boots: [] };
  for (const unit of units) {
    const pairing = pairings[unit.pairing];
    if (!pairing) continue;
    const meter = { fuel: suite.budgets.fuel_slice };
    const ran = await runUnit({
      vm,
      suite,
      build,
      pairing,
      unit,
      meter,
      yieldNow: yieldToTasks,
      schedule: options.schedule ?? "",
    });
    if (ran.outcome.end === "refused")
      throw new RunnerError("schedule-refused", `The schedule does not fit the case: ${ran.outcome.failure?.reason}`);
    if (ran.booted) result.units.push({ unit: unit.index, outcome: ran.outcome });
    else result.boots.push({ pairing: unit.pairing, outcome: ran.outcome });
  }
  const { report, digest } = await mergeAndJudge(suite, build, [result], { partial: true });
  const read = JSON.parse(new TextDecoder().decode(report)) as Report;
  const ran = new Set(units.map((unit) => pairings[unit.pairing]?.id));
  const cases = read.cases.filter((item) => item.id === options.cases[0] && ran.has(item.peer));
  if (options.json) stdout.write(report);
  else
    for (const item of cases) {
      const shown = item.failure
        ? renderFailure(item, { suite, directory: options.directory, digest, cases: options.cases })
        : `${verdictWord(item.verdict)} ${item.id} in pairing ${item.peer}\n`;
      stdout.write(shown + (item.failure ? `${renderTrace(item.failure)}\n\n` : ""));
    }
  return cases.every((item) => item.failure === null) ? 0 : 1;
}
