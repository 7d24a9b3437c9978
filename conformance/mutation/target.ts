/** The halves that are mutated, and a build made of one of them and the untouched rest. Node only. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inspectBuild, openSuite } from "../runner/index.ts";
import { pairingsOf } from "../runner/pairings.ts";
import type { Build, BuildParts, Suite, Unit } from "../runner/types.ts";
import { unitsOf } from "../runner/units.ts";
import { createVm, type Vm } from "../runner/vm.ts";
import { type Module, readModule } from "./wasm.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** "native/guest", "kvm/guest", "kvm/host": backend and half. */
export type Target = string;

/** Reference halves that are mutated by default; one that is not built is left out. */
export const targets: readonly Target[] = ["native/guest", "kvm/guest", "kvm/host", "fullvirt/host"].filter((target) =>
  existsSync(pathOf(target)),
);

function pathOf(target: Target): string {
  const [backend, half] = target.split("/");
  return join(root, `conformance/backends/${backend}/build/${half}.wasm`);
}

export interface Bench {
  vm: Vm;
  suite: Suite;
}

export async function openBench(): Promise<Bench> {
  const suite = await openSuite(new Uint8Array(readFileSync(join(root, "conformance/build/suite.bin"))));
  const core = await WebAssembly.compile(readFileSync(join(root, "wasm-core/build/core.wasm")));
  return { vm: await createVm(core), suite };
}

export function readTarget(target: Target): Module {
  return readModule(new Uint8Array(readFileSync(pathOf(target))));
}

/** The reference build of the target with `bytes` for its half. Throws what intake says if it refuses them. */
export async function buildWith({ vm, suite }: Bench, target: Target, bytes: Uint8Array): Promise<Build> {
  const [backend, half] = target.split("/") as [string, "guest" | "host"];
  const part = (name: string) => {
    const path = join(root, `conformance/backends/${backend}/build/${name}`);
    return existsSync(path) ? new Uint8Array(readFileSync(path)) : undefined;
  };
  const reference: BuildParts = {
    manifest: part("parley.json") ?? null,
    guest: part("guest.wasm"),
    host: part("host.wasm"),
    rom: part("rom.wasm"),
  };
  const inspected = await inspectBuild(vm, suite, reference);
  if (!inspected.ok) throw new Error(`${target}: ${JSON.stringify(inspected.problems)}`);
  // Intake would refuse marks, and what it says of a mutant is not of interest: the VM validates. All mutants of a half have
  // one digest, so that they meet the schedules that its marks met; the VM must not take one for another that it has booted.
  vm.tenant = null;
  const digest = `sha256:mutated ${target}`;
  const { build } = inspected;
  const digests = { ...build.digests, [half]: digest };
  return { ...build, digest, digests, parts: { ...build.parts, [half]: bytes } };
}

/** Units in which the mutated half takes part, in suite order. */
export function unitsWith(suite: Suite, build: Build, target: Target): Unit[] {
  const half = target.split("/")[1] as "guest" | "host";
  const pairings = pairingsOf(suite, build);
  return unitsOf(suite, build).filter((unit) => pairings[unit.pairing]?.[half] === build.digests[half]);
}
