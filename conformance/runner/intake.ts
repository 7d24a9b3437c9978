/** Intake: bytes in, a build or every problem at once out. Used by the worker and the command line alike. */

import { exportOf } from "./boot.ts";
import { buildDigest, partDigests } from "./build.ts";
import { checkFit } from "./intake-fit.ts";
import { checkManifest } from "./intake-manifest.ts";
import { checkModule } from "./intake-module.ts";
import { withVm, yieldToTasks } from "./lease.ts";
import type { BuildParts, Inspection, PartName, Problem, Suite } from "./types.ts";
import type { ModuleDescription, Vm } from "./vm.ts";

export interface InspectOptions {
  /** Vendor whose token was used; the manifest must name it. */
  vendor?: string;
}

const partNames: readonly PartName[] = ["guest", "host", "rom"];

/** Checks a submission against the suite. Nothing of it is run; the VM is left empty. */
export async function inspectBuild(
  vm: Vm,
  suite: Suite,
  parts: BuildParts,
  options: InspectOptions = {},
): Promise<Inspection> {
  const { manifest, problems } = checkManifest(parts.manifest);
  const described = new Map<PartName, ModuleDescription | null>();
  await withVm(vm, yieldToTasks, async () => {
    for (const part of partNames) {
      const bytes = parts[part];
      if (!bytes) continue;
      const checked = checkModule(vm, part, bytes, manifest);
      described.set(part, checked.description);
      problems.push(...checked.problems);
    }
    vm.reset();
  });
  if (manifest)
    problems.push(
      ...checkFit(suite, manifest, parts, options.vendor),
      ...romProblems(suite, parts, described.get("guest") ?? null),
    );
  if (!manifest || !parts.manifest || problems.length > 0) return { ok: false, problems };
  const digests = await partDigests({ ...parts, manifest: parts.manifest });
  const exported = new Set(described.get("guest")?.exports.map((item) => item.name));
  return {
    ok: true,
    build: {
      digest: await buildDigest(digests),
      manifest,
      digests,
      parts: Object.fromEntries(partNames.flatMap((part) => (parts[part] ? [[part, parts[part]]] : []))),
      exportsOps: suite.ops.filter((op) => exported.has(exportOf(op.id))).map((op) => op.id),
    },
  };
}

/** A guest half that calls a ROM needs one from a host half's vendor. */
function romProblems(suite: Suite, parts: BuildParts, guest: ModuleDescription | null): Problem[] {
  const wanted = guest?.imports.find((item) => item.module === "rom");
  if (!wanted || parts.rom || suite.peers.some((peer) => peer.rom)) return [];
  const detail = `guest.wasm imports rom.${wanted.name}, and neither the build nor a reference host half has a ROM.`;
  return [
    {
      code: "rom-missing",
      title: "The ROM is missing",
      detail,
      action: "Send rom.wasm with the host half, or do without rom imports.",
      part: "rom",
    },
  ];
}
