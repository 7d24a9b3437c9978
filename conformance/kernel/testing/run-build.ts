/** Runs all cases on one build of two files and says which cases did not pass. */
import { readFileSync } from "node:fs";
import {
  createVm,
  inspectBuild,
  mergeAndJudge,
  openSuite,
  type Pairing,
  planShards,
  type Report,
  runShard,
  type Suite,
  type Unit,
} from "../../runner/index.ts";
import { pairingsOf } from "../../runner/pairings.ts";
import { unitsOf } from "../../runner/units.ts";

/** File names of a build; a half that does not exist is left out. */
export interface BuildFiles {
  manifest: string;
  guest?: string | undefined;
  host?: string | undefined;
}

export interface CaseResult {
  id: string;
  verdict: string;
  /** The clause that failed, null if none did. */
  clause: string | null;
  /** One line: clause, what was seen, and the schedule. Empty when it passed. */
  why: string;
  schedules: number;
}

/**
 * Opens suite and core once; returns the function that runs a build, or one case of it. `hostile` false: with hostile variants only what is
 * run with nobody else.
 */
export async function openRunner(
  suitePath: string,
  corePath: string,
  { hostile = true }: { hostile?: boolean } = {},
): Promise<(files: BuildFiles, only?: string) => Promise<CaseResult[]>> {
  const vm = await createVm(await WebAssembly.compile(readFileSync(corePath)));
  const suite = await openSuite(bytesOf(suitePath));
  return async ({ manifest, guest, host }, only) => {
    const half = (path: string | undefined) => (path === undefined ? undefined : bytesOf(path));
    const parts = { manifest: bytesOf(manifest), guest: half(guest), host: half(host) };
    const inspected = await inspectBuild(vm, suite, parts);
    if (!inspected.ok) throw new Error(`${manifest}: ${JSON.stringify(inspected.problems)}`);
    const results = [];
    const units = unitsOf(suite, inspected.build);
    const pairings = pairingsOf(suite, inspected.build);
    const wanted = (index: number) => {
      const unit = units[index] as Unit;
      if (only !== undefined && suite.cases[unit.case]?.id !== only) return false;
      return hostile || pairings[unit.pairing]?.variant === null || suite.cases[unit.case]?.peers === "hostile";
    };
    for (const shard of planShards(suite, inspected.build))
      results.push(await runShard(vm, suite, inspected.build, { ...shard, units: shard.units.filter(wanted) }));
    const { report } = await mergeAndJudge(suite, inspected.build, results, {
      partial: !hostile || only !== undefined,
    });
    const { boots, cases } = JSON.parse(new TextDecoder().decode(report)) as Report;
    const ran = new Set(units.filter(({ index }) => wanted(index)).map((unit) => named(suite, pairings, unit)));
    return caseResults(
      boots,
      cases.filter(({ id, peer }) => ran.has(`${id} ${peer}`)),
    );
  };
}

function named(suite: Suite, pairings: Pairing[], unit: Unit): string {
  return `${suite.cases[unit.case]?.id} ${pairings[unit.pairing]?.id}`;
}

function caseResults(boots: Report["boots"], cases: Report["cases"]): CaseResult[] {
  if (boots.length > 0) throw new Error(`The build does not boot: ${JSON.stringify(boots[0])}`);
  return cases.map(({ id, verdict, failure, schedules }) => ({
    id,
    verdict,
    clause: failure?.clause ?? null,
    why: failure
      ? `${failure.clause}: ${failure.reason}; seen ${failure.seen}, expected ${failure.expected}; ${failure.schedule}`
      : "",
    schedules: schedules.tried,
  }));
}

function bytesOf(path: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(path));
}
