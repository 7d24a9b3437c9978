/** The runner: load, run, merge, judge, report. The same code in Worker, Node and browser. */
export { canonicalBytes, canonicalText } from "./canonical.ts";
export { digestOf } from "./digest.ts";
export { RunnerError } from "./errors.ts";
export { inspectBuild } from "./intake.ts";
export { mergeAndJudge } from "./merge.ts";
export type { Report } from "./report.ts";
export { runShard } from "./run.ts";
export { openSuite } from "./suite.ts";
export type * from "./types.ts";
export { planShards } from "./units.ts";
export { createVm, type Vm } from "./vm.ts";
