/** Reference and known-bad builds as files, and the report digests a correct runner gives for them. Node only. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { sampledMutants } from "../../mutants/mutants.ts";
import { digestOf } from "../digest.ts";
import { inspectBuild } from "../intake.ts";
import { mergeAndJudge } from "../merge.ts";
import { runShard } from "../run.ts";
import { openSuite } from "../suite.ts";
import type { Build, BuildParts, Judged, Suite } from "../types.ts";
import { planShards } from "../units.ts";
import { createVm, type Vm } from "../vm.ts";
import { sampled } from "./sampled.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const cachePath = join(root, "conformance/build/digests.json");

export interface BuildFiles {
  name: string;
  kind: "reference" | "known-bad";
  directory: string;
  parts: BuildParts;
}

/** Every reference build and the known-bad ones that scripts/build.mjs keeps current for whoever asks, by name. */
export function listBuilds(): BuildFiles[] {
  const knownBad = buildsUnder("conformance/mutants", "known-bad");
  return [
    ...buildsUnder("conformance/backends", "reference"),
    ...sampled(knownBad, ({ name }) => sampledMutants.includes(name)),
  ];
}

const knownBadSampled = ["kvm-no-remote-flush", "native-halt-window"];

/** The reference builds and some known-bad ones: for what must hold of any report, and runs each build often. */
export function sampleBuilds(): BuildFiles[] {
  return listBuilds().filter(({ kind, name }) => kind === "reference" || knownBadSampled.includes(name));
}

function buildsUnder(folder: string, kind: BuildFiles["kind"]): BuildFiles[] {
  return readdirSync(join(root, folder))
    .sort()
    .map((name) => ({ name, kind, directory: join(root, folder, name, "build") }))
    .filter(({ directory }) => existsSync(join(directory, "parley.json")))
    .map((entry) => ({ ...entry, parts: readParts(entry.directory) }));
}

export function readParts(directory: string): BuildParts {
  const part = (name: string) => (existsSync(join(directory, name)) ? readBytes(join(directory, name)) : undefined);
  return {
    manifest: part("parley.json") ?? null,
    guest: part("guest.wasm"),
    host: part("host.wasm"),
    rom: part("rom.wasm"),
  };
}

export async function openBuiltSuite(): Promise<{ vm: Vm; suite: Suite }> {
  const suite = await openSuite(readBytes(join(root, "conformance/build/suite.bin")));
  return { vm: await createVm(await WebAssembly.compile(readBytes(join(root, "wasm-core/build/core.wasm")))), suite };
}

/** A build that passes intake; throws with all problems otherwise. */
export async function inspected(vm: Vm, suite: Suite, parts: BuildParts): Promise<Build> {
  const inspection = await inspectBuild(vm, suite, parts);
  if (!inspection.ok)
    throw new Error(inspection.problems.map((problem) => `${problem.code}: ${problem.detail}`).join("\n"));
  return inspection.build;
}

/** Runs a build in one shard. */
export async function runWhole(vm: Vm, suite: Suite, build: Build): Promise<Judged> {
  const results = [];
  for (const shard of planShards(suite, build, 1)) results.push(await runShard(vm, suite, build, shard));
  return mergeAndJudge(suite, build, results);
}

/** Report digest of every build of `sampleBuilds` by name, run here in one shard; remembered for the suite at hand. */
export async function expectedDigests(): Promise<Record<string, string>> {
  const { vm, suite } = await openBuiltSuite();
  const builds: [string, Build][] = [];
  for (const { name, parts } of sampleBuilds()) builds.push([name, await inspected(vm, suite, parts)]);
  const key = [await runnerDigest(), suite.digest, ...builds.map(([, build]) => build.digest)].join(" ");
  const known = existsSync(cachePath)
    ? (JSON.parse(readFileSync(cachePath, "utf8")) as { key: string; digests: Record<string, string> })
    : null;
  if (known?.key === key) return known.digests;
  const digests: Record<string, string> = {};
  for (const [name, build] of builds) digests[name] = (await runWhole(vm, suite, build)).digest;
  mkdirSync(dirname(cachePath), { recursive: true });
  writeFileSync(cachePath, JSON.stringify({ key, digests }));
  return digests;
}

/** Of the runner's sources: another judge or report gives other digests for the same suite. */
async function runnerDigest(): Promise<string> {
  const folder = join(root, "conformance/runner");
  const sources = readdirSync(folder).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
  return digestOf(Buffer.concat(sources.sort().map((name) => readFileSync(join(folder, name)))));
}

function readBytes(path: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(path));
}
