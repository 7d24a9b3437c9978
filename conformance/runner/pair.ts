/** Two submitted builds as one: the guest half of the first with the host half of the second. */
import { buildDigest } from "./build.ts";
import { canonicalBytes } from "./canonical.ts";
import { digestOf } from "./digest.ts";
import { RunnerError } from "./errors.ts";
import { abiVersions, misfit } from "./pairings.ts";
import type { Build, Manifest } from "./types.ts";

/**
 * Only own × own is run of it: neither half meets a reference.
 * @throws RunnerError "no-pair" if a half is missing, or the two do not fit each other, naming the field that differs
 */
export async function pairBuilds(guest: Build, host: Build): Promise<Build> {
  if (!guest.digests.guest) throw refused(`${nameOf(guest)} has no guest half`);
  if (!host.digests.host) throw refused(`${nameOf(host)} has no host half`);
  const field = misfit(guest.manifest, host.manifest);
  if (field !== null) {
    const [one, other] = [guest, host].map((build) => `${fieldOf(build.manifest, field)} in ${nameOf(build)}`);
    throw refused(`they differ in ${field}: ${one}, ${other}`);
  }
  const manifest = join(guest.manifest, host.manifest);
  const { rom } = host.digests;
  const digests = {
    manifest: await digestOf(canonicalBytes(manifest)),
    guest: guest.digests.guest,
    host: host.digests.host,
    rom,
  };
  const parts = {
    ...(guest.parts.guest ? { guest: guest.parts.guest } : {}),
    ...(host.parts.host ? { host: host.parts.host } : {}),
    ...(host.parts.rom ? { rom: host.parts.rom } : {}),
  };
  const { exportsOps } = guest;
  return { digest: await buildDigest(digests), manifest, digests, parts, exportsOps, pair: true };
}

/** The guest half's manifest with what both speak and what both need. */
function join(guest: Manifest, host: Manifest): Manifest {
  const keys = Object.keys(guest.needs) as (keyof Manifest["needs"])[];
  const needs = Object.fromEntries(keys.map((key) => [key, Math.max(guest.needs[key], host.needs[key])]));
  const both = abiVersions(guest, host);
  const version = both && both.min < both.max ? `${both.min}-${both.max}` : String(both?.max ?? "");
  const abi = guest.abi && { ...guest.abi, version };
  return { ...guest, abi, needs: needs as Manifest["needs"] };
}

function fieldOf(manifest: Manifest, field: NonNullable<ReturnType<typeof misfit>>): string {
  if (field === "abi.name") return manifest.abi?.name ?? "none";
  if (field === "abi.version") return manifest.abi?.version ?? "none";
  return field === "machine" ? manifest.machine : `${manifest.pvi.min} to ${manifest.pvi.max}`;
}

function nameOf({ manifest }: Build): string {
  return `${manifest.vendor}/${manifest.backend}`;
}

function refused(why: string): RunnerError {
  return new RunnerError("no-pair", `These halves cannot meet: ${why}.`);
}
