/** Hostile builds for tests: each breaks one rule a half has to keep. Compiled at test time; Node only. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { callable, exportName } from "../../interface/catalogue.ts";
import type { BuildParts, Manifest } from "../types.ts";
import { sampled } from "./sampled.ts";
import { manifestOf } from "./small-suite.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const sources = "conformance/runner/testing/hostile";
const outputs = "conformance/build/hostile";
const GUEST_PAGES = 32;

export interface HostileBuild {
  name: string;
  parts: BuildParts;
}

interface Job {
  name: string;
  entry: string;
  out: string;
  inputs: string[];
  args: string[];
  edits?: { file: string; find: string; replace: string }[];
}

/** Names of the sources, and `guest-op-trap` once for each op. */
export const hostileNames = [
  "guest-init-loop",
  "guest-op-loop",
  "guest-op-recursion",
  "guest-op-memory",
  "host-boot-loop",
  "host-exit-nothing",
  "host-exit-trap",
  "host-bad-action",
] as const;

/** Ops that a bare-metal build can owe; those without a meaning there are linked to nothing. */
const trapping = callable.filter((op) => op.tiers.native !== "none");

/** One half each; all at once trap in `whole-trap`. */
const trappingAlone = sampled(trapping, (_, index) => index % 12 === 0);

export const trapNames: readonly string[] = trappingAlone.map((op) => `trap-${exportName(op.id)}`);

/**
 * Builds that say they offer every op: one that implements none, one in which each does nothing and answers 0x5a5a5a5a, one
 * in which each traps. Made from the interface, so that they follow it.
 */
export const wholeNames = ["whole-nothing", "whole-wrong", "whole-trap"] as const;

/** Compiles what is out of date and reads all hostile builds by name. */
export async function hostileBuilds(): Promise<Map<string, HostileBuild>> {
  const { compileAll } = (await import(new URL("scripts/lib/asc.mjs", `file://${root}`).href)) as {
    compileAll(jobs: Job[]): Promise<unknown>;
  };
  const jobs = [
    ...hostileNames.map((name) => jobOf(name, name)),
    ...trappingAlone.map((op) => trapJob(op.id)),
    ...wholeNames.map(wholeJob),
  ];
  await compileAll(jobs);
  return new Map(jobs.map((job) => [job.name, { name: job.name, parts: partsOf(job) }]));
}

function jobOf(name: string, source: string): Job {
  const memory = source === "guest-op-memory" ? GUEST_PAGES : 1;
  const args = ["--exportStart", "_unused_start", "--initialMemory", "1", "--maximumMemory", String(memory)];
  return {
    name,
    entry: `${sources}/${source}.ts`,
    out: `${outputs}/${name}.wasm`,
    inputs: [`${sources}/${source}.ts`],
    args,
  };
}

function trapJob(id: string): Job {
  const replace = opSource(id, "unreachable();", "0");
  const edits = [{ file: `${sources}/guest-op-trap.ts`, find: "// the op", replace }];
  return { ...jobOf(`trap-${exportName(id)}`, "guest-op-trap"), edits };
}

function wholeJob(name: (typeof wholeNames)[number]): Job {
  const body = name === "whole-trap" ? "unreachable();" : "";
  const exported = trapping.map(({ id }) => opSource(id, body, "0x5a5a5a5a"));
  const replace = name === "whole-nothing" ? "// nothing" : exported.join("\n");
  const edits = [{ file: `${sources}/guest-op-trap.ts`, find: "// the op", replace }];
  return { ...jobOf(name, "guest-op-trap"), edits };
}

/** An op's export with `body`, and a result if it has one. */
function opSource(id: string, body: string, result: string): string {
  const op = callable.find((item) => item.id === id);
  const params = (op?.params ?? []).map(({ type }, index) => `_p${index}: ${type}`).join(", ");
  const end = op?.result === "void" ? "" : `  return ${result};\n`;
  return `export function ${exportName(id)}(${params}): ${op?.result} {\n  ${body}\n${end}}`;
}

/** Guest halves stand on the bare machine; host halves meet the reference guest half of kvm. */
function partsOf(job: Job): BuildParts {
  const bytes = new Uint8Array(readFileSync(root + job.out));
  const host = job.name.startsWith("host-");
  const needs = {
    vcpus: 4,
    memory_pages: 512,
    host_pages: host ? 32 : 0,
    guest_memory_pages: GUEST_PAGES,
    host_memory_pages: host ? 1 : 0,
  };
  const offers = trapping.filter((op) => op.tiers.native === "optional").map((op) => op.id);
  const bare: Partial<Manifest> = host ? {} : { machine: "native", profile: "native", abi: null, offers };
  const manifest = manifestOf({ backend: job.name.replaceAll("_", "-"), needs, ...bare });
  return {
    manifest: new TextEncoder().encode(JSON.stringify(manifest)),
    ...(host ? { host: bytes } : { guest: bytes }),
  };
}
