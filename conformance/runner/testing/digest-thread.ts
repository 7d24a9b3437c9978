/** Worker thread of determinism.test.ts: runs units of a build in a VM of its own and posts the outcomes' report digest. */
import { parentPort, workerData } from "node:worker_threads";
import { mergeAndJudge } from "../merge.ts";
import { runShard } from "../run.ts";
import { inspected, openBuiltSuite } from "./builds.ts";

const { parts, units } = workerData;
const { vm, suite } = await openBuiltSuite();
const build = await inspected(vm, suite, parts);
const result = await runShard(vm, suite, build, { index: 0, units });
const { digest } = await mergeAndJudge(suite, build, [result], { partial: true });
parentPort?.postMessage(digest);
