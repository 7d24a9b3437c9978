/** Runs only what is counted: the scenarios of a build, without its cases. */
import { mergeAndJudge } from "./merge.ts";
import type { Report, ReportScenario } from "./report.ts";
import { runShard } from "./run.ts";
import type { Build, Suite } from "./types.ts";
import { planShards, unitsOf } from "./units.ts";
import type { Vm } from "./vm.ts";

/** Scenarios of the build in suite order, by pairing: the same entries as in the report of a whole run. */
export async function runScenarios(vm: Vm, suite: Suite, build: Build): Promise<ReportScenario[]> {
  const units = unitsOf(suite, build);
  const counts = (index: number) => (suite.cases[units[index]?.case ?? -1]?.scopes.length ?? 0) > 0;
  const results = [];
  for (const shard of planShards(suite, build, 1))
    results.push(await runShard(vm, suite, build, { ...shard, units: shard.units.filter(counts) }));
  const { report } = await mergeAndJudge(suite, build, results, { partial: true });
  return (JSON.parse(new TextDecoder().decode(report)) as Report).scenarios.list;
}
