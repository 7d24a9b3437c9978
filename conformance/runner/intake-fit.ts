/** Checks that the parts of a build fit each other, the manifest, the submitter and the suite. */
import type { Manifest } from "../interface/manifest.ts";
import { isPrivateAbi, misfit, peersOf } from "./pairings.ts";
import type { BuildParts, Problem, Suite, SuitePeer } from "./types.ts";
import { intersect, packVersion, pviRange } from "./versions.ts";

type Fit = { suite: Suite; manifest: Manifest; parts: BuildParts };

export function checkFit(suite: Suite, manifest: Manifest, parts: BuildParts, vendor: string | undefined): Problem[] {
  const fit = { suite, manifest, parts };
  return [...vendorProblems(manifest, vendor), ...pviProblems(fit), ...offerProblems(fit), ...halfProblems(fit)];
}

function vendorProblems(manifest: Manifest, vendor: string | undefined): Problem[] {
  const problems: Problem[] = [];
  if (vendor !== undefined && manifest.vendor !== vendor) {
    problems.push({
      code: "vendor-mismatch",
      title: "The manifest names another vendor",
      detail: `The manifest says vendor ${manifest.vendor}; the submission is made for ${vendor}.`,
      action: `Set vendor to ${vendor}, or use a token of ${manifest.vendor}.`,
      pointer: "/vendor",
      part: "manifest",
    });
  }
  if (isPrivateAbi(manifest) && manifest.abi?.name !== `x-${manifest.vendor}`) {
    problems.push({
      code: "abi-not-yours",
      title: "The private ABI belongs to another vendor",
      detail: `${manifest.abi?.name} is not the private ABI of vendor ${manifest.vendor}.`,
      action: `Name the private ABI x-${manifest.vendor}, or a published one.`,
      pointer: "/abi/name",
      part: "manifest",
    });
  }
  return problems;
}

function pviProblems({ suite, manifest }: Fit): Problem[] {
  const version = packVersion(suite.pvi);
  if (intersect(pviRange(manifest.pvi), { min: version, max: version })) return [];
  return [
    {
      code: "pvi-unsupported",
      title: "The build does not support this PVI version",
      detail: `The build supports PVI ${manifest.pvi.min} to ${manifest.pvi.max}; the suite tests ${suite.pvi}.`,
      action: `Support PVI ${suite.pvi}, or wait for a suite of your version.`,
      pointer: "/pvi",
      part: "manifest",
    },
  ];
}

function offerProblems({ suite, manifest }: Fit): Problem[] {
  return manifest.offers.flatMap((id, index) => {
    if (suite.ops.some((op) => op.id === id && !op.rule)) return [];
    const detail = `${id} is not an operation of PVI ${suite.pvi}.`;
    return [
      {
        code: "unknown-op",
        title: "An unknown operation is offered",
        detail,
        action: "Remove it from offers; /docs lists all operations.",
        pointer: `/offers/${index}`,
        part: "manifest" as const,
      },
    ];
  });
}

function halfProblems(fit: Fit): Problem[] {
  const { manifest, parts } = fit;
  const unwanted = (part: "guest" | "host" | "rom", why: string): Problem => ({
    code: "half-unfitting",
    title: `A ${part} half does not belong here`,
    detail: `Machine ${manifest.machine} ${why}.`,
    action: `Leave ${part}.wasm out, or set machine to what it is for.`,
    pointer: "/machine",
    part,
  });
  if (manifest.machine === "native") {
    const problems = parts.guest ? [] : [halfMissing("guest", "a native build is a guest half on the bare machine")];
    if (parts.host) problems.push(unwanted("host", "has no hypervisor"));
    if (parts.rom) problems.push(unwanted("rom", "has no hypervisor"));
    return problems;
  }
  if (manifest.machine === "fullvirt") {
    const problems = parts.host
      ? []
      : [halfMissing("host", "full virtualisation is a host half under the unmodified native guest half")];
    if (parts.guest) problems.push(unwanted("guest", "runs the suite's native guest half"));
    return problems;
  }
  const problems =
    parts.rom && !parts.host ? [halfMissing("host", "a ROM is supplied by the vendor of the host half")] : [];
  return [...problems, ...completionProblems(fit)];
}

function halfMissing(part: "guest" | "host", why: string): Problem {
  return {
    code: "half-missing",
    title: `The ${part} half is missing`,
    detail: `There is no ${part}.wasm: ${why}.`,
    action: `Send ${part}.wasm as the part named ${part}.`,
    part,
  };
}

/** A build of one half is completed by the reference of its ABI. */
function completionProblems(fit: Fit): Problem[] {
  const { suite, manifest, parts } = fit;
  if (parts.guest && parts.host) return [];
  if (!parts.guest && !parts.host)
    return [
      {
        code: "half-missing",
        title: "There is no half",
        detail: "Neither guest.wasm nor host.wasm came with the manifest.",
        action: "Send at least one half.",
      },
    ];
  const missing = parts.guest ? "host" : "guest";
  if (isPrivateAbi(manifest)) return [halfMissing(missing, `nobody else speaks the private ABI ${manifest.abi?.name}`)];
  const named = manifest.complete_with?.[missing];
  if (named !== undefined) {
    const peer = suite.peers.find((item) => item.name === named);
    const field = peer ? misfit(manifest, peer.manifest) : null;
    if (peer && field === null && peer[missing]) return [];
    const detail = peer ? describeMisfit(manifest, peer, field) : `The suite has no reference build ${named}.`;
    return [
      {
        code: "no-peer",
        title: "The named reference half does not fit",
        detail,
        action: `Name one of: ${names(suite)}.`,
        pointer: `/complete_with/${missing}`,
        part: "manifest",
      },
    ];
  }
  if (peersOf(suite, manifest).some((peer) => peer[missing])) return [];
  const why = suite.peers.map((peer) => describeMisfit(manifest, peer, misfit(manifest, peer.manifest))).join(" ");
  const action = `Send ${missing}.wasm too, or speak the ABI of a reference build: ${names(suite)}.`;
  return [
    {
      code: "no-peer",
      title: `No reference ${missing} half fits`,
      detail: `The ${missing} half is missing. ${why}`,
      action,
      pointer: "/abi",
      part: "manifest",
    },
  ];
}

function names(suite: Suite): string {
  return (
    suite.peers.map((peer) => `${peer.name} (${peer.manifest.abi?.name}/${peer.manifest.abi?.version})`).join(", ") ||
    "none"
  );
}

function describeMisfit(own: Manifest, peer: SuitePeer, field: ReturnType<typeof misfit>): string {
  const value = (manifest: Manifest): string => {
    if (field === "abi.name") return manifest.abi?.name ?? "null";
    if (field === "abi.version") return manifest.abi?.version ?? "null";
    return field === "machine" ? manifest.machine : `${manifest.pvi.min} to ${manifest.pvi.max}`;
  };
  if (field === null) return `${peer.name} has no such half.`;
  return `${peer.name} differs in ${field}: ${value(peer.manifest)} there, ${value(own)} here.`;
}
