/** Loads a pairing's modules into the VM and boots it; a pairing that is still booted there is not booted again. */
import type { Yield } from "./lease.ts";
import { abiVersions } from "./pairings.ts";
import type { Build, Digest, Manifest, Outcome, Pairing, Suite } from "./types.ts";
import { versionRange } from "./versions.ts";
import { type CoreError, machineKinds, type RoleName, type Vm } from "./vm.ts";
import type { VmConfig } from "./vm-structs.ts";

const NO_VETO = (1n << 64n) - 1n;

/** @returns null when booted, else the outcome that every unit of the pairing shares */
export async function bootPairing(
  vm: Vm,
  suite: Suite,
  build: Build,
  pairing: Pairing,
  seed: bigint,
  pause: Yield,
): Promise<Outcome | null> {
  const key = `${suite.digest} ${build.digest} ${pairing.id} ${seed}`;
  if (vm.tenant === key) return null;
  vm.reset();
  vm.configure(configOf(suite, build, pairing, seed));
  for (const op of suite.ops) vm.addOp(exportOf(op.id));
  for (const [role, bytes] of modulesOf(suite, build, pairing)) {
    const error = vm.load(role, bytes);
    if (error) return linkOutcome(error, role);
  }
  const error = vm.link();
  if (error) return linkOutcome(error, error.role ?? "");
  for (;;) {
    const state = vm.boot(suite.budgets.fuel_slice);
    if (state === "more") {
      await pause();
      continue;
    }
    if (state !== "booted") return state;
    vm.tenant = key;
    return null;
  }
}

/** Export name of an op: `irq.disable` is `irq_disable`. */
export function exportOf(id: string): string {
  return id.replace(".", "_");
}

function configOf(suite: Suite, build: Build, pairing: Pairing, seed: bigint): VmConfig {
  const { constants, budgets } = suite;
  const peer = suite.peers.find((item) => item.name === pairing.peer)?.manifest ?? null;
  const needs = [build.manifest.needs, ...(peer ? [peer.needs] : [])];
  return {
    kind: machineKinds.indexOf(build.manifest.machine),
    vcpus: Math.max(constants.vcpus, ...needs.map((need) => need.vcpus)),
    memory_pages: Math.max(constants.memory_pages, ...needs.map((need) => need.memory_pages)),
    host_pages: pairing.host ? Math.max(constants.host_pages, ...needs.map((need) => need.host_pages)) : 0,
    abi_version: abiVersionOf(build.manifest, peer),
    fuel_boot: budgets.fuel_boot,
    fuel_schedule: budgets.fuel_schedule,
    fuel_unit: budgets.fuel_unit,
    feature_mask: NO_VETO,
    tsc_hz: constants.tsc_hz,
    apic_id: constants.apic_id,
    slat: build.manifest.slat,
    trace_entries: budgets.trace_entries,
    seed,
    withheld: withheldIn(suite, pairing),
    declared: [build.manifest, ...(peer ? [peer] : [])]
      .map(({ features }) => BigInt(features.offered))
      .reduce((all, one) => all & one),
  };
}

/** Features that the host half of the pairing must not offer. */
function withheldIn(suite: Suite, { peer, variant }: Pairing): bigint {
  return BigInt(suite.variants.find((item) => item.peer === peer && item.name === variant)?.withheld ?? 0);
}

/** Highest ABI version that both halves speak; 0 without an ABI. */
function abiVersionOf(own: Manifest, peer: Manifest | null): number {
  const range = peer ? abiVersions(own, peer) : versionRange(own.abi?.version ?? "");
  return range?.max ?? 0;
}

function modulesOf(suite: Suite, build: Build, pairing: Pairing): [RoleName, Uint8Array][] {
  const bytesOf = (digest: Digest): Uint8Array => {
    const own = (["guest", "host", "rom"] as const).find((part) => build.digests[part] === digest);
    return (own && build.parts[own]) ?? suite.blob(digest);
  };
  const modules: [RoleName, Uint8Array][] = [
    ["kernel", suite.blob(suite.kernel)],
    ["native", suite.blob(suite.native)],
  ];
  for (const role of ["guest", "rom", "host"] as const) {
    const digest = pairing[role];
    if (digest) modules.push([role, bytesOf(digest)]);
  }
  return modules;
}

/** A module that passed intake and still does not link: an error of the pairing, not of the runner. */
export function linkOutcome(error: CoreError, half: string): Outcome {
  return {
    end: "error",
    tried: 0,
    exhausted: 0,
    bound: 0,
    fuel: "0",
    reached: [],
    failed: [],
    not_offered: [],
    outcomes: [],
    costs: [],
    failure: {
      kind: "link",
      clause: -1,
      expected: "the modules of the pairing link",
      seen: error.code,
      note: "",
      role: -1,
      vcpu: -1,
      op: -1,
      half,
      function: error.function === null ? null : `function ${error.function}`,
      offset: error.offset,
      reason: error.message,
      schedule: "",
      steps: 0,
      stack: [],
      trace: [],
    },
  };
}
