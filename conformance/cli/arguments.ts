/** Arguments of `parley test`. */
import { parseArgs } from "node:util";

export const usage = `Usage: parley test DIR [options]
       parley test --pair GUEST HOST [options]

Runs the build in DIR (parley.json with guest.wasm and/or host.wasm, rom.wasm) against the suite.

  --pair           run the guest half of the build in GUEST with the host half of the one in HOST, and nothing else
  --json           print the report (canonical JSON) instead of words
  --costs          print what the scenarios cost as well (docs/costs.md)
  --case ID        run only this case; may be given more than once
  --schedule S     replay one schedule of that case and show its trace
  --pairing P      with --schedule: only in pairing P (own, guest/PEER, host/PEER)
  --deep           search on: one preemption more, ten times the budget; shows what was searched, gives no report
  --seed HEX       search from this one-time seed (64 hex digits) and print the digest of the report it gives: how a party
                   that the registry has verified reproduces a result (docs/reproductions.md)
  --shards N       cut the run into N shards; the report is the same for any N

Exit code: 0 the build conforms (with --case or --schedule: what ran held), 1 it does not, 2 bad usage or a refused build,
3 the run itself broke.
`;

export class UsageError extends Error {
  override readonly name = "UsageError";
}

export interface TestArguments {
  directory: string;
  /** Build whose host half the guest half of `directory` is run with, or null. */
  pairedWith: string | null;
  json: boolean;
  costs: boolean;
  cases: string[];
  schedule: string | null;
  pairing: string | null;
  deep: boolean;
  seed: string | null;
  shards: number | null;
}

const SHARDS_MAX = 10_000;

/** @throws UsageError saying which argument is wrong */
export function parseTestArguments(words: string[]): TestArguments {
  const { values, positionals } = parse(words);
  const [directory, ...others] = positionals;
  const pairedWith = values.pair ? (others.shift() ?? null) : null;
  if (values.pair && pairedWith === null) throw new UsageError("--pair takes two directories: guest half, host half");
  if (directory === undefined) throw new UsageError("the directory of the build is missing");
  if (others.length > 0) throw new UsageError(`one directory at a time, not also ${others.join(", ")}`);
  const cases = values.case ?? [];
  if (values.schedule !== undefined && cases.length !== 1)
    throw new UsageError("--schedule belongs to one case: name it with --case");
  if (values.pairing !== undefined && values.schedule === undefined)
    throw new UsageError("--pairing is for --schedule");
  if (values.deep && (values.json || values.seed !== undefined || values.schedule !== undefined))
    throw new UsageError(
      "--deep searches beyond the suite and gives no report: leave --json, --seed and --schedule out",
    );
  if (values.costs && (cases.length > 0 || values.json))
    throw new UsageError("--costs is about the whole suite, in words: --json has the costs anyway");
  if (values.seed !== undefined && (cases.length > 0 || !/^[0-9a-f]{64}$/.test(values.seed)))
    throw new UsageError("--seed takes 64 lower-case hex digits and runs the whole suite: leave --case out");
  return {
    directory,
    pairedWith,
    json: values.json ?? false,
    costs: values.costs ?? false,
    cases,
    schedule: values.schedule ?? null,
    pairing: values.pairing ?? null,
    deep: values.deep ?? false,
    seed: values.seed ?? null,
    shards: values.shards === undefined ? null : shardCount(values.shards),
  };
}

function parse(words: string[]) {
  try {
    return parseArgs({
      args: words,
      allowPositionals: true,
      options: {
        json: { type: "boolean" },
        pair: { type: "boolean" },
        costs: { type: "boolean" },
        case: { type: "string", multiple: true },
        schedule: { type: "string" },
        pairing: { type: "string" },
        deep: { type: "boolean" },
        seed: { type: "string" },
        shards: { type: "string" },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function shardCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > SHARDS_MAX)
    throw new UsageError(`--shards takes a number from 1 to ${SHARDS_MAX}, not "${text}"`);
  return count;
}
