/** Worker thread of determinism.test.ts: runs units of a build in a VM of its own and posts their report's digest. */
import { parentPort, workerData } from "node:worker_threads";
import { mergeAndJudge } from "../merge.ts";
import { runShard } from "../run.ts";
import type { BuildParts } from "../types.ts";
import { inspected, openBuiltSuite } from "./builds.ts";
import { chanceSuite } from "./chance-suite.ts";

const { parts, units } = workerData as { parts: BuildParts; units: number[] };
const { vm, suite: shipped } = await openBuiltSuite();
const suite = chanceSuite(shipped);
const build = await inspected(vm, suite, parts);
const result = await runShard(vm, suite, build, { index: 0, units });
const { digest } = await mergeAndJudge(suite, build, [result], { partial: true });
parentPort?.postMessage(digest);
