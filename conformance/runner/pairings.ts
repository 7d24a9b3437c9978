/** Which halves meet: own × own, and each submitted half against the reference of its ABI and that one's hostile variants. */
import type { Build, Manifest, Pairing, Suite, SuitePeer } from "./types.ts";
import { intersect, pviRange, versionRange } from "./versions.ts";

/** An ABI named x-VENDOR is between the two halves of one vendor: nobody else's half can meet it. */
export function isPrivateAbi(manifest: Manifest): boolean {
  return manifest.abi?.name.startsWith("x-") ?? false;
}

/** The field in which two manifests do not fit each other, or null if their halves can meet. */
export function misfit(a: Manifest, b: Manifest): "abi.name" | "abi.version" | "machine" | "pvi" | null {
  if (!a.abi || !b.abi || a.abi.name !== b.abi.name) return "abi.name";
  if (!abiVersions(a, b)) return "abi.version";
  if (a.machine !== b.machine) return "machine";
  return intersect(pviRange(a.pvi), pviRange(b.pvi)) ? null : "pvi";
}

/** ABI versions that both manifests speak, or null. */
export function abiVersions(a: Manifest, b: Manifest): { min: number; max: number } | null {
  const [one, other] = [versionRange(a.abi?.version ?? ""), versionRange(b.abi?.version ?? "")];
  return one && other ? intersect(one, other) : null;
}

/** Reference peers whose halves can meet this build's, in suite order; no reference speaks a private ABI. */
export function peersOf(suite: Suite, manifest: Manifest): SuitePeer[] {
  return suite.peers.filter((peer) => misfit(manifest, peer.manifest) === null);
}

/**
 * Pairings of a build in their order: own, then by peer guest/PEER, host/PEER, then with each variant in suite order.
 * Pairings that join the same bytes in the same machine are run once, under the first id; `covers` lists all of them.
 */
export function pairingsOf(suite: Suite, build: Build): Pairing[] {
  const { guest, host, rom } = build.digests;
  const all: (Omit<Pairing, "covers"> & { withheld?: string })[] = [];
  const alone = build.manifest.abi === null || build.pair === true;
  if (alone || (guest && host)) all.push({ id: "own", guest, host, rom, peer: null, variant: null });
  const peers = alone ? [] : peersOf(suite, build.manifest);
  for (const peer of peers) {
    // A ROM belongs to the host's vendor, so it comes with the host half.
    const common = { peer: peer.name, variant: null };
    if (guest) all.push({ id: `guest/${peer.name}`, guest, host: peer.host, rom: peer.rom, ...common });
    if (host) all.push({ id: `host/${peer.name}`, guest: peer.guest, host, rom, ...common });
  }
  for (const { name, peer: of, half, module, withheld = "0" } of suite.variants) {
    const peer = peers.find((item) => item.name === of);
    const common = { peer: of, variant: name, withheld };
    if (peer && half === "host" && guest)
      all.push({ id: `guest/${of}+${name}`, guest, host: module, rom: peer.rom, ...common });
    if (peer && half === "guest" && host) all.push({ id: `host/${of}+${name}`, guest: module, host, rom, ...common });
  }
  const distinct = new Map<string, Pairing>();
  for (const { withheld = "0", ...pairing } of all) {
    const key = `${pairing.guest} ${pairing.host} ${pairing.rom} ${withheld}`;
    const known = distinct.get(key);
    if (known) known.covers.push(pairing.id);
    else distinct.set(key, { ...pairing, covers: [pairing.id] });
  }
  return [...distinct.values()];
}
