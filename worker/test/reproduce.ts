import { env } from "cloudflare:test";
import { mergeAndJudge, planShards, runShard, type ShardResult } from "../../conformance/runner/index.ts";
import { loadBuild } from "../pipeline/builds.ts";
import { theSuite, theVm } from "../pipeline/engine.ts";

/** What a one-time seed gives whoever runs it: the digest of its report. */
export async function seedDigest(digest: string, challenge: string): Promise<string> {
  const [suite, vm, build] = [await theSuite(), await theVm(), await loadBuild(env, digest)];
  const results: ShardResult[] = [];
  for (const shard of planShards(suite, build, 1)) results.push(await runShard(vm, suite, build, shard, { challenge }));
  return (await mergeAndJudge(suite, build, results, { challenge })).digest;
}
